import type { UpgradeRequest } from '../../contract/transport.ts';
import { refusalHeaders, type Refusal } from '../shared/handshake.ts';

/** Where everybody in this process is. */
export const ADDRESS = '127.0.0.1';

/** Header lines by lower-case name, repeated ones joined by `, `. */
export function joinHeaders(lines: Iterable<readonly [name: string, value: string]>): Readonly<Record<string, string>> {
	const headers = Object.create(null) as Record<string, string>;
	for (const [line, value] of lines) {
		const name = line.toLowerCase();
		headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
	}
	return headers;
}

/** A handshake that was answered with an ordinary response. */
export class RefusedHandshake extends Error {
	readonly status: number;
	readonly body: string;
	/** By lower-case name, repeated ones joined by `, `. */
	readonly headers: Readonly<Record<string, string>>;

	constructor(refusal: Refusal) {
		super(`${refusal.status} ${refusal.body}`);
		this.name = 'RefusedHandshake';
		this.status = refusal.status;
		this.body = refusal.body;
		this.headers = joinHeaders(refusalHeaders(refusal));
	}
}

export class MemoryHandshake implements UpgradeRequest {
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly remoteAddress: string = ADDRESS;
	readonly #abort = new AbortController();

	constructor(url: string, headers: Readonly<Record<string, string>>) {
		this.url = url;
		this.headers = joinHeaders(Object.entries(headers));
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
			const leave = (): void => this.abort(client?.reason);
			this.signal.addEventListener('abort', () => reject(this.signal.reason as Error));
			client?.addEventListener('abort', leave);
			decide()
				.then(resolve, () => reject(new RefusedHandshake({ status: 500, body: 'Internal Server Error' })))
				.finally(() => client?.removeEventListener('abort', leave));
		});
	}
}
