import type { Connection } from 'svelte-adapter-uws/contract';

/** One stream that a connection follows: called when it is over, with the number of other connections on the topic. */
export type Ended = (remaining: number) => void;

/** Connections of this runtime that follow a topic through streams. */
export class Holders {
	readonly #counts = new Map<string, number>();

	of(topic: string): number {
		return this.#counts.get(topic) ?? 0;
	}

	add(topic: string, by: 1 | -1): void {
		const count = this.of(topic) + by;
		if (count > 0) this.#counts.set(topic, count);
		else this.#counts.delete(topic);
	}
}

/** What lives as long as one connection: the streams that it follows, and the calls that it waits for. */
export class Scope {
	/** Calls whose answer is not there yet. */
	calls = 0;
	readonly #ws: Connection;
	readonly #holders: Holders;
	readonly #topics = new Map<string, Map<string, Ended>>();
	#watches = false;

	constructor(ws: Connection, holders: Holders) {
		this.#ws = ws;
		this.#holders = holders;
	}

	/** Joins a topic for one stream. `undefined`: the connection is closed. False: this stream follows it already. */
	join(topic: string, path: string, ended: Ended): boolean | undefined {
		const owners = this.#topics.get(topic);
		if (owners?.has(path)) return false;
		if (!this.#ws.subscribe(topic)) return undefined;
		if (owners) owners.set(path, ended);
		else {
			this.#watch();
			this.#topics.set(topic, new Map([[path, ended]]));
			this.#holders.add(topic, 1);
		}
		return true;
	}

	/** Takes back one `join`, and leaves the topic when it was the last. */
	undo(topic: string, path: string): void {
		const owners = this.#topics.get(topic);
		const ended = owners?.get(path);
		if (!owners || !ended) return;
		owners.delete(path);
		if (owners.size === 0) {
			this.#forget(topic);
			this.#ws.unsubscribe(topic);
		}
		ended(this.#remaining(topic));
	}

	/** The connection has left a topic: every stream on it is over. */
	left(topic: string): void {
		const owners = this.#topics.get(topic);
		if (!owners) return;
		this.#forget(topic);
		const remaining = this.#holders.of(topic);
		for (const ended of owners.values()) ended(remaining);
	}

	holds(topic: string): boolean {
		return this.#topics.has(topic);
	}

	#remaining(topic: string): number {
		return this.#holders.of(topic) - (this.#topics.has(topic) ? 1 : 0);
	}

	#forget(topic: string): void {
		this.#topics.delete(topic);
		this.#holders.add(topic, -1);
	}

	/** Ends with the signal, not with the close hook: an app that forgets to export the hook must not leak. */
	#watch(): void {
		if (this.#watches) return;
		this.#watches = true;
		this.#ws.signal.addEventListener('abort', () => this.#end(), { once: true });
	}

	#end(): void {
		for (const topic of [...this.#topics.keys()]) this.left(topic);
	}
}
