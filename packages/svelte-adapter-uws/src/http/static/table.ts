import type { HeaderList, StaticPlan } from '../../contract/http.ts';
import type { FileOnDisk } from './file-body.ts';

/** The bytes of one encoding of a file: in memory, or only on disk. */
export interface Content extends FileOnDisk {
	readonly bytes: Uint8Array | undefined;
}

/** An answer from the table. */
export interface FilePlan extends StaticPlan {
	/** The body is on disk: `length` bytes of `content` from `start`. */
	readonly file?: { readonly content: FileOnDisk; readonly start: number };
}

/** One encoding of a file with its answers made up in advance, so that a hit allocates nothing. */
export interface Variant {
	readonly etag: string;
	readonly content: Content;
	readonly whole: FilePlan;
	readonly notModified: FilePlan;
}

/** A file that is served at one path. */
export interface StaticFile {
	readonly identity: Variant;
	readonly br: Variant | undefined;
	readonly gzip: Variant | undefined;
	/** What every 200 and 206 of the file says, besides the encoding. */
	readonly headers: HeaderList;
}

/** A path that is written another way: percent-encoded, without the query. */
export interface Redirect {
	readonly location: string;
}

/** What is served without asking the app, by decoded path. */
export type StaticTable = ReadonlyMap<string, StaticFile | Redirect>;

/** What a scan found out about a file. */
export interface FileFacts {
	readonly type: string;
	readonly disposition: string | undefined;
	readonly immutable: boolean;
	/** Differs for different bytes; visible ASCII without quotes. */
	readonly tag: string;
	readonly identity: Content;
	readonly br: Content | undefined;
	readonly gzip: Content | undefined;
}

/** Makes up every answer that a file can give, but ranges. */
export function toStaticFile(facts: FileFacts): StaticFile {
	const headers: [string, string][] = [
		['content-type', facts.type],
		['cache-control', facts.immutable ? 'public, max-age=31536000, immutable' : 'no-cache'],
		['vary', 'Accept-Encoding'],
		['accept-ranges', 'bytes'],
		['x-content-type-options', 'nosniff']
	];
	if (facts.disposition !== undefined) headers.push(['content-disposition', facts.disposition]);

	const variant = (content: Content, encoding: string): Variant => {
		// Each encoding is a sequence of bytes of its own, so a strong tag has to tell them apart.
		const etag = `"${facts.tag}${encoding && `-${encoding}`}"`;
		const own: [string, string][] = [['etag', etag]];
		if (encoding) own.push(['content-encoding', encoding]);
		return {
			etag,
			content,
			whole: toPlan(200, [...headers, ...own], content, 0, content.size),
			notModified: {
				status: 304,
				headers: [['etag', etag], ...headers.filter(([name]) => name === 'cache-control' || name === 'vary')],
				length: 0
			}
		};
	};
	return {
		identity: variant(facts.identity, ''),
		br: facts.br && variant(facts.br, 'br'),
		gzip: facts.gzip && variant(facts.gzip, 'gzip'),
		headers
	};
}

/** An answer with `length` bytes of `content` from `start`, taken from memory or from disk. */
export function toPlan(status: number, headers: HeaderList, content: Content, start: number, length: number): FilePlan {
	if (!content.bytes) return { status, headers, length, file: { content, start } };
	return { status, headers, length, body: content.bytes.subarray(start, start + length) };
}
