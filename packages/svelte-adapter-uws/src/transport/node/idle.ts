/** What the watch needs of a socket. */
export interface Watched {
	ping(): void;
	drop(): void;
}

interface Silence {
	/** Bytes that had been read when something was last heard. */
	bytes: number;
	/** Milliseconds; when that was noticed. */
	since: number;
	pinged: boolean;
}

/** What is watched, and for how long it may be silent. */
export interface IdleOptions {
	/** Seconds; 0 = for ever. */
	readonly idleTimeout: number;
	readonly sendPingsAutomatically: boolean;
}

/** Milliseconds between two checks. A silent socket lives up to two checks longer than it may. */
export function checkInterval({ idleTimeout }: IdleOptions): number {
	return Math.min(4000, (idleTimeout * 1000) / 8);
}

/** Ends sockets that have been silent for too long, and pings them half-way there. One for all sockets of a listener. */
export class IdleWatch<Socket extends Watched> {
	readonly #options: IdleOptions;
	readonly #silences = new Map<Socket, { readonly raw: { readonly bytesRead: number } } & Silence>();

	constructor(options: IdleOptions) {
		this.#options = options;
	}

	/** Watches a socket; `raw` says how much has been read from its peer. */
	add(socket: Socket, raw: { readonly bytesRead: number }, now: number): void {
		this.#silences.set(socket, { raw, bytes: raw.bytesRead, since: now, pinged: false });
	}

	delete(socket: Socket): void {
		this.#silences.delete(socket);
	}

	/** `now` in milliseconds, never less than before. */
	check(now: number): void {
		const limit = this.#options.idleTimeout * 1000;
		for (const [socket, silence] of this.#silences) {
			const bytes = silence.raw.bytesRead;
			const silent = now - silence.since;
			if (bytes !== silence.bytes) {
				silence.bytes = bytes;
				silence.since = now;
				silence.pinged = false;
			} else if (silent >= limit) {
				socket.drop();
			} else if (silent >= limit / 2 && !silence.pinged && this.#options.sendPingsAutomatically) {
				silence.pinged = true;
				socket.ping();
			}
		}
	}
}
