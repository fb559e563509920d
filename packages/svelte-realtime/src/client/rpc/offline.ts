import type { Client } from 'svelte-adapter-uws/contract';
import { RpcError } from '../../shared/error.ts';
import { report } from '../cell.ts';
import type { PageClock } from '../clock.ts';
import { Calls, type CallParts, type MadeCall } from './call.ts';
import type { Waiter } from './waiter.ts';

/** A call that was made without a connection, and waits for one. */
export interface OfflineEntry {
	readonly path: string;
	readonly args: readonly unknown[];
	/** Milliseconds since 1970. */
	readonly queuedAt: number;
	readonly idempotencyKey: string | undefined;
	/** Milliseconds that it may take once it is sent. */
	readonly timeout: number | undefined;
	/** Settles the call for its caller, whatever becomes of it. */
	resolve(value: unknown): void;
	reject(error: RpcError): void;
}

/** What becomes of calls that are made without a connection. */
export interface OfflineOptions {
	/** Keeps them, without a time-out, until there is a connection. Default false: they wait within their time-out. */
	readonly queue?: boolean;
	/** Calls kept; of more, the oldest fails with `QUEUE_FULL`. Default 100. */
	readonly maxQueue?: number;
	/** Milliseconds after which a call is no longer sent, and fails with `STALE`. Default: never. */
	readonly maxAge?: number;
	/**
	 * How they are sent: one after the other, each once the one before is answered; ten at a time (`batch` is the same); or those,
	 * in that order, which the function gives. What it leaves out fails with `STALE`. Default `sequential`.
	 */
	readonly replay?: 'sequential' | 'concurrent' | 'batch' | ((entries: readonly OfflineEntry[]) => readonly OfflineEntry[]);
	/** Asked before each; false: it fails with `STALE`. */
	readonly beforeReplay?: (entry: OfflineEntry) => unknown;
	/** Hears of each that was sent and has failed. */
	readonly onReplayError?: (entry: OfflineEntry, error: RpcError) => void;
}

export interface OfflineParts extends CallParts {
	readonly client: CallParts['client'] & Pick<Client, 'connected' | 'onOpen' | 'onDown'>;
	readonly clock: PageClock;
	/** Why there will be no connection any more. */
	readonly closed: () => string | undefined;
}

/** Throws a RangeError for options that say nothing. */
export function checkOffline({ maxQueue = 1, maxAge = 0, replay = 'batch' }: OfflineOptions): void {
	if (!Number.isSafeInteger(maxQueue) || maxQueue < 1)
		throw new RangeError(`configure({ offline }): maxQueue: got ${maxQueue}, expected a whole number from 1.`);
	if (!(maxAge >= 0)) throw new RangeError(`configure({ offline }): maxAge: got ${maxAge}, expected milliseconds from 0.`);
	if (typeof replay !== 'function' && !['sequential', 'concurrent', 'batch'].includes(replay))
		throw new RangeError(
			`configure({ offline }): replay: got ${String(replay)}, expected 'sequential', 'concurrent', 'batch' or a function of the entries.`
		);
}

interface Held extends OfflineEntry {
	readonly made: MadeCall;
	readonly waiter: Waiter;
}

/** Sent at the same time with `replay: 'concurrent'`. */
const AT_ONCE = 10;

/** The calls of a page that keeps those which are made without a connection. Batches, calls with bytes and uploads are not kept. */
export class OfflineCalls extends Calls {
	readonly #own: OfflineParts;
	readonly #options: () => OfflineOptions;
	#held: Held[] = [];
	#isReplaying = false;

	constructor(parts: OfflineParts, options: () => OfflineOptions) {
		super(parts);
		this.#own = parts;
		this.#options = options;
		parts.client.onOpen(() => void this.#replay());
		parts.client.onDown((_failure, isTerminal) => {
			if (isTerminal) this.#keep(this.#held.splice(0));
		});
	}

	protected override send(made: MadeCall, waiter: Waiter): void {
		const { client, clock, closed } = this.#own;
		if (!this.#options().queue || client.connected || closed() !== undefined) return super.send(made, waiter);
		this.#hold({
			path: made.path,
			args: made.args,
			queuedAt: clock.now(),
			idempotencyKey: made.idempotencyKey,
			timeout: made.timeout,
			resolve: (value) => waiter.done({ ok: true, data: value }),
			reject: waiter.fail,
			made,
			waiter
		});
	}

	#hold(entry: Held): void {
		const { signal } = entry.made;
		signal?.addEventListener('abort', () => {
			if (this.#drop(entry))
				entry.reject(new RpcError('CANCELLED', `${entry.path} was cancelled. It was not sent.`, { cause: signal.reason }));
		});
		this.#held.push(entry);
		const { maxQueue = 100 } = this.#options();
		if (this.#held.length <= maxQueue) return;
		const oldest = this.#held.shift()!;
		oldest.reject(new RpcError('QUEUE_FULL', `${oldest.path} was given up: more than ${maxQueue} calls wait for a connection.`));
	}

	#drop(entry: Held): boolean {
		const at = this.#held.indexOf(entry);
		if (at >= 0) this.#held.splice(at, 1);
		return at >= 0;
	}

	/** Puts back what was not sent; where there will be no connection any more, it fails. */
	#keep(entries: readonly Held[]): void {
		const closed = this.#own.closed();
		if (closed === undefined) this.#held.unshift(...entries);
		else for (const { reject } of entries) reject(new RpcError('CONNECTION_CLOSED', closed));
	}

	async #replay(): Promise<void> {
		if (this.#isReplaying) return;
		this.#isReplaying = true;
		const { client } = this.#own;
		while (client.connected && this.#held.length > 0) {
			const { replay = 'sequential' } = this.#options();
			const size = replay === 'concurrent' || replay === 'batch' ? AT_ONCE : 1;
			const chosen = this.#chosen(this.#held.splice(0), replay);
			for (let at = 0; at < chosen.length; at += size) {
				// Whoever waits here hears of a lost connection before the connection is looked at again.
				if (client.connected) await Promise.all(chosen.slice(at, at + size).map((entry) => this.#send(entry)));
				else {
					this.#keep(chosen.slice(at));
					break;
				}
			}
		}
		this.#isReplaying = false;
	}

	/** Those that are to be sent; the others fail. A function that throws chooses none. */
	#chosen(entries: readonly Held[], replay: OfflineOptions['replay']): readonly Held[] {
		if (typeof replay !== 'function') return entries;
		let chosen: readonly OfflineEntry[] = [];
		let cause: unknown;
		try {
			chosen = replay(entries);
		} catch (error) {
			cause = error;
		}
		const known = new Set(entries);
		const kept = [...new Set(chosen)].filter((entry): entry is Held => known.delete(entry as Held));
		for (const entry of known) entry.reject(stale(entry, cause));
		return kept;
	}

	/** Sends one, if it may still be sent. Never rejects. */
	async #send(entry: Held): Promise<void> {
		const { maxAge = Infinity, beforeReplay, onReplayError } = this.#options();
		try {
			if (this.#own.clock.now() - entry.queuedAt > maxAge || (await beforeReplay?.(entry)) === false) throw stale(entry);
		} catch (error) {
			return entry.reject(error instanceof RpcError ? error : stale(entry, error));
		}
		if (!this.#own.client.connected) return this.#keep([entry]);
		await new Promise<void>((settled) => {
			super.send(entry.made, {
				id: entry.waiter.id,
				done(reply) {
					entry.waiter.done(reply);
					settled();
				},
				fail(error) {
					try {
						onReplayError?.(entry, error);
					} catch (thrown) {
						report(thrown);
					}
					entry.reject(error);
					settled();
				}
			});
		});
	}
}

function stale({ path }: OfflineEntry, cause?: unknown): RpcError {
	return new RpcError('STALE', `${path} waited for a connection, and is no longer to be sent.`, { cause });
}
