import zlib from 'node:zlib';
import { accepts } from '../accept-encoding.ts';

/** How a body can be compressed while a client waits, best first. */
export type Coding = 'br' | 'zstd' | 'gzip';

/** Bytes below which compression saves nothing. */
export const MIN_BYTES = 1024;
/** Bytes above which compression would hold up everybody else. */
const MAX_INLINE_BYTES = 65_536;
const TYPES: ReadonlySet<string> = new Set([
	...['html', 'css', 'plain', 'xml', 'javascript', 'csv', 'markdown'].map((name) => `text/${name}`),
	...['json', 'xml', 'javascript', 'xhtml+xml', 'ld+json', 'manifest+json', 'rss+xml', 'atom+xml'].map(
		(name) => `application/${name}`
	),
	'image/svg+xml'
]);

type Bytes = Uint8Array<ArrayBuffer>;

interface Codec {
	readonly now: (bytes: Bytes) => Bytes;
	/** On a thread of its own. */
	readonly aside: (bytes: Bytes) => Promise<Bytes>;
}

const BROTLI: zlib.BrotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
const GZIP: zlib.ZlibOptions = { level: 6 };
/** Absent before Node 22.15. */
const ZSTD: readonly [Coding, Codec][] =
	typeof zlib.zstdCompress === 'function'
		? [
				[
					'zstd',
					{ now: (bytes) => zlib.zstdCompressSync(bytes), aside: (bytes) => settled((done) => zlib.zstdCompress(bytes, done)) }
				]
			]
		: [];
const CODECS: ReadonlyMap<Coding, Codec> = new Map<Coding, Codec>([
	[
		'br',
		{
			now: (bytes) => zlib.brotliCompressSync(bytes, BROTLI),
			aside: (bytes) => settled((done) => zlib.brotliCompress(bytes, BROTLI, done))
		}
	],
	...ZSTD,
	['gzip', { now: (bytes) => zlib.gzipSync(bytes, GZIP), aside: (bytes) => settled((done) => zlib.gzip(bytes, GZIP, done)) }]
]);

/** `promisify`, without the module that has it: importing it loads all that `node:util` has, which is milliseconds of every start. */
function settled(run: (done: (error: Error | null, result: Bytes) => void) => void): Promise<Bytes> {
	return new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result))));
}

/** Whether a response is worth compressing, as far as its headers tell. */
export function isCompressible({ status, headers }: Response): boolean {
	if (status === 206 || headers.has('content-encoding') || headers.has('content-range')) return false;
	const length = headers.get('content-length');
	if (length !== null && Number(length) < MIN_BYTES) return false;
	if (/\bno-transform\b/i.test(headers.get('cache-control') ?? '')) return false;
	return TYPES.has((headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase());
}

/** The coding for a client; `undefined` = it takes none of them. */
export function chooseCoding(acceptEncoding: string): Coding | undefined {
	for (const coding of CODECS.keys()) if (accepts(acceptEncoding, coding)) return coding;
	return undefined;
}

/** A body that is all there, compressed at most once per coding, however many clients it goes to. */
export class WholeBody {
	readonly bytes: Bytes;
	readonly #encoded = new Map<Coding, Promise<Bytes | undefined>>();

	constructor(bytes: Bytes) {
		this.bytes = bytes;
	}

	/** Whether it is large enough for compression. */
	get isLarge(): boolean {
		return this.bytes.byteLength >= MIN_BYTES;
	}

	/** The body in a coding; `undefined` when that makes it no smaller. */
	encoded(coding: Coding): Promise<Bytes | undefined> {
		let encoded = this.#encoded.get(coding);
		if (!encoded) this.#encoded.set(coding, (encoded = this.#encode(CODECS.get(coding)!)));
		return encoded;
	}

	async #encode({ now, aside }: Codec): Promise<Bytes | undefined> {
		const { bytes } = this;
		const result = bytes.byteLength > MAX_INLINE_BYTES ? await aside(bytes) : now(bytes);
		return result.byteLength < bytes.byteLength ? result : undefined;
	}
}
