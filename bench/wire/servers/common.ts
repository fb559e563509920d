import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';

/** What every server answers a call with. */
export async function add(text: string): Promise<unknown> {
	return { id: 5, text, done: false };
}

/** A call as the product writes it, so that every server does the same work with the same bytes. */
interface Call {
	readonly rpc: string;
	readonly id: string;
	readonly args: readonly [string];
}

/** The least that a call can cost: parse, find the handler, await it, stringify. */
export async function answer(text: string): Promise<string> {
	const { rpc, id, args } = JSON.parse(text) as Call;
	const data = await handlers.get(rpc)!(...args);
	return JSON.stringify({ topic: '__rpc', event: id, data: { id, ok: true, data } });
}

const handlers: ReadonlyMap<string, (text: string) => Promise<unknown>> = new Map([['bench/add', add]]);

/** The events of one `publish <count> <size> <first>`, as objects. */
export function events(text: string): readonly { readonly n: number; readonly pad: string }[] {
	const [, count, size, first] = text.split(' ').map(Number) as [number, number, number, number];
	const pad = 'x'.repeat(size);
	return Array.from({ length: count }, (_, i) => ({ n: first + i, pad }));
}

export const API: unknown = { id: 5, text: 'buy milk', done: false };

const file = readFileSync(new URL('../../app/static/file.txt', import.meta.url));

/** The static file with the headers that the adapter sends. */
export const FILE: { readonly body: Buffer; readonly headers: readonly (readonly [string, string])[] } = {
	body: file,
	headers: [
		['content-type', 'text/plain; charset=utf-8'],
		['cache-control', 'no-cache'],
		['vary', 'Accept-Encoding'],
		['accept-ranges', 'bytes'],
		['x-content-type-options', 'nosniff'],
		['etag', `"${createHash('sha256').update(file).digest('base64url').slice(0, 22)}"`]
	]
};

/** Says where the server listens, in the words that the runner waits for. */
export function announce(port: number): void {
	console.log(`Listening on http://127.0.0.1:${port}`);
}
