import type { HttpResponse } from 'uWebSockets.js';
import { RequestBody } from '../shared/request-body.ts';

/** Reads the body of a request. Must be called while the engine's callback runs; `fail` it when the client leaves. */
export function readUwsBody(res: HttpResponse, limit: number): RequestBody {
	let readable = true;
	const body = new RequestBody(limit, {
		pause: () => void (readable && res.pause()),
		resume: () => void (readable && res.resume())
	});
	res.onData((chunk, isLast) => {
		// The engine takes the memory back after this callback.
		if (body.wanted) body.push(new Uint8Array(chunk.slice(0)));
		if (!isLast) return;
		readable = false;
		body.end();
	});
	return body;
}
