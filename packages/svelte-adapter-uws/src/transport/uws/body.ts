import type { HttpResponse } from 'uWebSockets.js';
import { RequestBody } from '../shared/request-body.ts';

/** Reads the body of a request. Must be called while the engine's callback runs; `fail` it when the client leaves. */
export function readUwsBody(res: HttpResponse, limit: number): RequestBody {
	let readable = true;
	let paused = false;
	const body = new RequestBody(limit, {
		pause() {
			if (!readable) return;
			paused = true;
			res.pause();
		},
		resume() {
			// Resuming what was not paused makes the engine miss that the client leaves.
			if (!readable || !paused) return;
			paused = false;
			res.resume();
		}
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
