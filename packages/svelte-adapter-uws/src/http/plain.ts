import type { HeaderList, StaticPlan } from '../contract/http.ts';

/** A short text of the adapter itself. `close` ends the connection. */
export function plain(
	status: number,
	text: string,
	{ close = false, headers = [] }: { readonly close?: boolean; readonly headers?: HeaderList } = {}
): StaticPlan {
	const body = new TextEncoder().encode(text);
	const all: HeaderList = [
		['content-type', 'text/plain; charset=utf-8'],
		['cache-control', 'no-store'],
		['x-content-type-options', 'nosniff'],
		...headers
	];
	return close ? { status, headers: all, body, length: body.length, close } : { status, headers: all, body, length: body.length };
}
