import type { RequestHead } from '../../contract/http.ts';
import { accepts } from '../accept-encoding.ts';
import { allowsRange, matchesEtag, parseRange } from './range.ts';
import { toPlan, type FilePlan, type Redirect, type StaticFile, type StaticTable, type Variant } from './table.ts';

/** Answers a GET or HEAD from the table; `undefined` = not a static path. A whole file costs no allocation. */
export function planStatic(table: StaticTable, head: RequestHead): FilePlan | undefined {
	const entry = find(table, head.path);
	if (entry === undefined) return undefined;
	if ('location' in entry) return redirect(entry, head.query);
	const variant = entry.br || entry.gzip ? choose(entry, head.header('accept-encoding')) : entry.identity;
	const known = head.header('if-none-match');
	if (known !== '' && matchesEtag(known, variant.etag)) return variant.notModified;
	// A range is defined for GET alone; HEAD answers for the whole.
	const range = head.method === 'GET' ? head.header('range') : '';
	return (range === '' ? undefined : planRange(entry, range, head.header('if-range'))) ?? variant.whole;
}

/** Paths are decoded once. An encoded slash is a character of a name, and no file has it in its name. */
function find(table: StaticTable, path: string): StaticFile | Redirect | undefined {
	if (!path.includes('%')) return table.get(path);
	return /%2f/i.test(path) ? undefined : table.get(decodeURIComponent(path));
}

function choose(file: StaticFile, acceptEncoding: string): Variant {
	if (file.br && accepts(acceptEncoding, 'br')) return file.br;
	if (file.gzip && accepts(acceptEncoding, 'gzip')) return file.gzip;
	return file.identity;
}

function planRange({ identity, headers }: StaticFile, header: string, ifRange: string): FilePlan | undefined {
	if (!allowsRange(ifRange, identity.etag)) return undefined;
	const { content, etag } = identity;
	const range = parseRange(header, content.size);
	if (range === undefined) return undefined;
	if (range === 'unsatisfiable')
		return { status: 416, headers: [...headers, ['content-range', `bytes */${content.size}`]], length: 0 };
	const { start, end } = range;
	return toPlan(
		206,
		[...headers, ['etag', etag], ['content-range', `bytes ${start}-${end}/${content.size}`]],
		content,
		start,
		end - start + 1
	);
}

function redirect({ location }: Redirect, query: string): FilePlan {
	return { status: 308, headers: [['location', query === '' ? location : `${location}?${query}`]], length: 0 };
}
