/** The bytes that a `Range` header asks for, both ends included. */
export interface ByteRange {
	readonly start: number;
	readonly end: number;
}

const SINGLE = /^bytes=(\d*)-(\d*)$/i;

/**
 * Reads a `Range` header for a body of `size` bytes. `undefined` = send everything: the header is malformed, asks for
 * several ranges or for the last zero bytes. `'unsatisfiable'` = it starts at or behind the end.
 */
export function parseRange(header: string, size: number): ByteRange | 'unsatisfiable' | undefined {
	const [, first, last] = SINGLE.exec(header.trim()) ?? [];
	if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
	if (first === '') {
		const count = Number(last);
		if (count === 0) return undefined;
		return size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - count), end: size - 1 };
	}
	const start = Number(first);
	const end = last === '' ? Infinity : Number(last);
	if (end < start) return undefined;
	return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size - 1) };
}

/** Whether `If-Range` lets a range through: it is absent, or exactly the ETag. Weak tags never do. */
export function allowsRange(ifRange: string, etag: string): boolean {
	return ifRange === '' || (ifRange.trim() === etag && !etag.startsWith('W/'));
}

/** Whether `If-None-Match` names the ETag; weak comparison, lists and `*` included. */
export function matchesEtag(ifNoneMatch: string, etag: string): boolean {
	const wanted = opaque(etag);
	return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((candidate) => opaque(candidate.trim()) === wanted);
}

function opaque(etag: string): string {
	return etag.startsWith('W/') ? etag.slice(2) : etag;
}
