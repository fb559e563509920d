import type { Recipient } from '../../contract/http.ts';

// The types of the DOM declare accessors and methods as properties, which a class must not override.
const Base = Request as new (url: string, init: RequestInit) => object;

class ReadRequest extends Base {
	readonly #client: Recipient;

	constructor(url: string, init: RequestInit, client: Recipient) {
		super(url, init);
		this.#client = client;
	}

	get signal(): AbortSignal {
		return this.#client.signal;
	}

	clone(): Request {
		const copy = Request.prototype.clone.call(this as unknown as Request);
		return new Request(copy, { signal: this.signal });
	}
}

/**
 * A request without a body whose signal is made when the app asks for it: given to the constructor it would cost twice as much again as
 * all the rest. Its clones have the signal too; a request that is made of it, as `fetch(request)` does, has not.
 */
export function readRequest(url: string, init: RequestInit, client: Recipient): Request {
	return new ReadRequest(url, init, client) as unknown as Request;
}
