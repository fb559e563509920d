import { connect, type Socket } from 'node:net';
import { within } from '../within.ts';

/** One response as it came over the wire. */
export interface RawResponse {
	readonly status: number;
	/** Lines in order, names in lower case, values as latin1. */
	readonly lines: readonly (readonly [name: string, value: string])[];
	/** The value of the only line of that name; `undefined` when there is none. Throws when there are several. */
	header(name: string): string | undefined;
	readonly body: Buffer;
}

/** A connection that says exactly what a test says, and shows exactly what came back. */
export class RawClient {
	readonly #socket: Socket;
	#pieces: Buffer[] = [];
	#length = 0;
	#closed = false;
	#wake: (() => void)[] = [];

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on('data', (piece) => {
			this.#pieces.push(piece as Buffer);
			this.#length += piece.length;
			this.#notify();
		});
		socket.on('error', () => {});
		socket.on('close', () => {
			this.#closed = true;
			this.#notify();
		});
	}

	static open(port: number): Promise<RawClient> {
		return new Promise((resolve, reject) => {
			const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(new RawClient(socket)));
			socket.once('error', reject);
		});
	}

	/** Bytes that came and were not taken by `response`. */
	get pending(): number {
		return this.#length;
	}

	/** What came and was not taken by `response`, as latin1. */
	get text(): string {
		return this.#merge().toString('latin1');
	}

	/** Text goes out as latin1. Resolves when the system has taken it. */
	send(data: string | Uint8Array): Promise<void> {
		return new Promise(
			(resolve) => void this.#socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, () => resolve())
		);
	}

	/** Stops reading, so that the peer's buffers fill up. */
	pause(): void {
		this.#socket.pause();
	}

	resume(): void {
		this.#socket.resume();
	}

	/** Says that nothing more will come, and goes on reading. */
	end(): void {
		this.#socket.end();
	}

	/** Leaves without a word. */
	drop(): void {
		this.#socket.destroy();
	}

	/** Resolves as soon as `check` holds; rejects when the connection closes before. */
	async until(check: () => boolean): Promise<void> {
		while (!check()) {
			if (this.#closed) throw new Error(`The connection was closed after ${this.#said()}.`);
			await this.#change();
		}
	}

	/** Resolves when the peer has closed the connection; rejects when nothing happens for `patienceMs`, by default 30,000. */
	async closed(patienceMs?: number): Promise<void> {
		while (!this.#closed) await this.#change(patienceMs);
	}

	/** Resolves when the peer has closed the connection; rejects when the line that it said first is not this one. */
	async closedAfter(line: RegExp): Promise<void> {
		const first = (): string => /^(.*)\r\n/.exec(this.text)?.[1] ?? '';
		await this.until(() => first() !== '');
		if (!line.test(first())) throw new Error(`Got ${JSON.stringify(first())}, expected ${line}.`);
		await this.closed();
	}

	/** Takes the next response off the wire; `toHead` = it answers a HEAD. */
	async response(toHead = false): Promise<RawResponse> {
		let end = -1;
		await this.until(() => (end = this.#merge().indexOf('\r\n\r\n')) !== -1);
		const [first = '', ...rest] = this.#take(end + 4)
			.toString('latin1')
			.slice(0, -4)
			.split('\r\n');
		const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${first} `)?.[1]);
		const lines = rest.map((line): [string, string] => {
			const colon = line.indexOf(':');
			return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
		});
		const header = (name: string): string | undefined => {
			const [value, ...more] = lines.filter(([key]) => key === name).map(([, text]) => text);
			if (more.length > 0) throw new Error(`${name} was sent ${more.length + 1} times.`);
			return value;
		};
		const isEmpty = toHead || status < 200 || status === 204 || status === 304;
		return { status, lines, header, body: isEmpty ? Buffer.alloc(0) : await this.#body(header) };
	}

	async #body(header: (name: string) => string | undefined): Promise<Buffer> {
		const length = header('content-length');
		if (header('transfer-encoding') === 'chunked') {
			if (length !== undefined) throw new Error('A response is framed twice.');
			return this.#chunks();
		}
		if (length === undefined) {
			await this.closed();
			return this.#take(this.#length);
		}
		await this.until(() => this.#length >= Number(length));
		return this.#take(Number(length));
	}

	async #chunks(): Promise<Buffer> {
		const parts: Buffer[] = [];
		for (;;) {
			const size = Number.parseInt(await this.#line(), 16);
			if (size === 0) break;
			await this.until(() => this.#length >= size + 2);
			parts.push(this.#take(size));
			if (this.#take(2).toString() !== '\r\n') throw new Error('A chunk is longer than it says.');
		}
		// Trailers, up to an empty line.
		while ((await this.#line()) !== '');
		return Buffer.concat(parts);
	}

	async #line(): Promise<string> {
		let end = -1;
		await this.until(() => (end = this.#merge().indexOf('\r\n')) !== -1);
		return this.#take(end + 2)
			.toString('latin1')
			.slice(0, -2);
	}

	#merge(): Buffer {
		if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
		return this.#pieces[0]!;
	}

	#take(count: number): Buffer {
		const all = this.#merge();
		this.#pieces = [all.subarray(count)];
		this.#length = all.length - count;
		return all.subarray(0, count);
	}

	#change(patienceMs?: number): Promise<void> {
		const changed = new Promise<void>((resolve) => void this.#wake.push(resolve));
		return within(
			changed,
			() => `Nothing comes any more, and the connection stays open. It brought ${this.#said()}.`,
			patienceMs
		);
	}

	#said(): string {
		return JSON.stringify(this.text.slice(0, 500));
	}

	#notify(): void {
		const waiting = this.#wake;
		this.#wake = [];
		for (const resolve of waiting) resolve();
	}
}

/** The text of a request; `Host` is added. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
	return [`${line} HTTP/1.1`, 'Host: a.example', ...headers, '', body].join('\r\n');
}

/** Opens a connection, sends, takes one response and leaves. */
export async function exchange(port: number, text: string): Promise<RawResponse> {
	const client = await RawClient.open(port);
	try {
		await client.send(text);
		return await client.response(text.startsWith('HEAD '));
	} finally {
		client.drop();
	}
}
