import type { UpgradeRequest } from '../../contract/transport.ts';
import { refusalHeaders, type Refusal } from '../shared/handshake.ts';

/** Where everybody in this process is. */
export const ADDRESS = '127.0.0.1';

/** A handshake that was answered with an ordinary response. */
export class RefusedHandshake extends Error {
	readonly status: number;
	readonly body: string;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string>>;

	constructor(refusal: Refusal) {
		super(`${refusal.status} ${refusal.body}`);
		this.name = 'RefusedHandshake';
		this.status = refusal.status;
		this.body = refusal.body;
		this.headers = Object.fromEntries(refusalHeaders(refusal).map(([name, value]) => [name.toLowerCase(), value]));
	}
}

export class MemoryHandshake implements UpgradeRequest {
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly remoteAddress: string = ADDRESS;
	readonly #abort = new AbortController();

	constructor(url: string, headers: Readonly<Record<string, string>>) {
		this.url = url;
		const own = Object.create(null) as Record<string, string>;
		for (const [name, value] of Object.entries(headers)) own[name.toLowerCase()] = value;
		this.headers = own;
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	readonly header = (name: string): string => this.headers[name] ?? '';

	abort(reason: unknown): void {
		this.#abort.abort(reason);
	}

	/** Waits for a decision for as long as the client is there. One that fails is a refusal with 500. */
	whileThere<T>(decide: () => Promise<T>, client: AbortSignal | undefined): Promise<T> {
		return new Promise((resolve, reject) => {
			this.signal.addEventListener('abort', () => reject(this.signal.reason as Error));
			client?.addEventListener('abort', () => this.abort(client.reason));
			decide().then(resolve, () => reject(new RefusedHandshake({ status: 500, body: 'Internal Server Error' })));
		});
	}
}
