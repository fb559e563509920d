import type { Connection } from 'svelte-adapter-uws/contract';
import { LiveError } from '../../shared/error.ts';
import type { Host } from '../host.ts';
import { isUserId, USER_ID_RULE } from '../user-id.ts';
import { Asks, type Ask } from './asks.ts';

/** Milliseconds after which the connections of a node that is gone are forgotten, and between two renewals. */
const TTL_MS = 60_000;
const RENEW_MS = 20_000;
const TIMEOUT_MS = 5_000;

/** Whom a push is for. */
export interface PushTarget {
	readonly userId: string;
}

export interface PushOptions {
	/** Milliseconds that the user's page has for its answer. Default 5,000. */
	readonly timeoutMs?: number;
}

/** Another way to users: those who are connected elsewhere. */
export interface RemoteRegistry {
	request(userId: string, event: string, data: unknown, options: PushOptions): Promise<unknown>;
}

/** Which users are connected, and the way to their pages. A page is asked on the connection that opened last. */
export class Pushes implements Disposable {
	readonly #host: Host;
	/** Made when it is first needed: it hears every publish. */
	#asks: Asks | undefined;
	readonly #users = new Map<Connection, string>();
	readonly #connections = new Map<string, Connection>();
	#renewal: Disposable | undefined;
	/** One function for all connections. */
	readonly #closed = (ws: Connection): void => this.close(ws);

	constructor(host: Host) {
		this.#host = host;
	}

	/** A user is connected. Throws a TypeError for a name that is none. */
	open(ws: Connection, userId: string): void {
		if (!isUserId(userId)) throw new TypeError(`[svelte-realtime] pushHooks.open: the id of a user has to be ${USER_ID_RULE}.`);
		// Not with the close hook alone: an app that forgets to export it must not leak.
		if (this.#users.has(ws) || !ws.onClose(this.#closed)) return;
		this.#users.set(ws, userId);
		this.#connections.set(ws.id, ws);
		this.#renew();
		this.#reachable();
		const { registry, node } = this.#host.platform.stores;
		this.#report(registry.open(userId, { node, connection: ws.id }, TTL_MS));
	}

	close(ws: Connection): void {
		const userId = this.#users.get(ws);
		if (userId === undefined) return;
		if (this.#connections.get(ws.id) !== ws) this.#host.violated('realtime/push-entry', { connection: ws.id });
		this.#users.delete(ws);
		this.#connections.delete(ws.id);
		if (this.#users.size === 0) this.#rest();
		const { registry, node } = this.#host.platform.stores;
		this.#report(registry.close(userId, { node, connection: ws.id }));
	}

	/** Asks the page of a user. Rejects with `NOT_FOUND`, `TIMEOUT`, `CONNECTION_CLOSED`, `REFUSED` or `OVERLOADED`. */
	async push(
		userId: string,
		event: string,
		data: unknown,
		{ timeoutMs = TIMEOUT_MS }: PushOptions,
		remote?: RemoteRegistry
	): Promise<unknown> {
		if (remote) {
			try {
				return await remote.request(userId, event, data, { timeoutMs });
			} catch (error) {
				if (!isOffline(error)) throw error;
			}
		}
		const { registry, node } = this.#host.platform.stores;
		for (const place of await registry.find(userId)) {
			const ask: Ask = { connection: place.connection, event, data, timeoutMs };
			if (place.node !== node) return this.#reachable().ask(place.node, ask);
			// Between its close and the word of that it may still be in the list.
			if (this.#connections.has(place.connection)) return this.#askOwn(ask);
		}
		throw new LiveError('NOT_FOUND', `No page of ${userId} is connected.`);
	}

	[Symbol.dispose](): void {
		this.#rest();
		this.#asks?.[Symbol.dispose]();
		for (const ws of [...this.#users.keys()]) this.close(ws);
	}

	/** Other nodes can ask this one, and hear answers. */
	#reachable(): Asks {
		return (this.#asks ??= new Asks(this.#host, (ask) => this.#askOwn(ask)));
	}

	async #askOwn({ connection, event, data, timeoutMs }: Ask): Promise<unknown> {
		const ws = this.#connections.get(connection);
		if (!ws) throw new LiveError('CONNECTION_CLOSED');
		try {
			return await this.#host.platform.request(ws, event, data, { timeoutMs });
		} catch (error) {
			throw asLiveError(error);
		}
	}

	#renew(): void {
		this.#renewal ??= this.#host.after(RENEW_MS, () => {
			this.#renewal = undefined;
			if (this.#users.size === 0) return;
			this.#renew();
			const { registry, node } = this.#host.platform.stores;
			this.#report(registry.touch(node, TTL_MS));
		});
	}

	#rest(): void {
		this.#renewal?.[Symbol.dispose]();
		this.#renewal = undefined;
	}

	#report(work: Promise<unknown>): void {
		work.catch((error: unknown) => this.#host.onError('push', error));
	}
}

const CODES: Readonly<Record<string, string>> = { CLOSED: 'CONNECTION_CLOSED', LIMIT: 'OVERLOADED', NOT_DELIVERED: 'OVERLOADED' };

/** Why a page could not be asked, in the words of this package; the message stays. */
function asLiveError(error: unknown): unknown {
	const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
	return typeof code === 'string' ? new LiveError(CODES[code] ?? code, String(message), { cause: error }) : error;
}

function isOffline(error: unknown): boolean {
	const { code } = (error ?? {}) as { readonly code?: unknown };
	return code === 'NOT_FOUND' || code === 'OFFLINE';
}
