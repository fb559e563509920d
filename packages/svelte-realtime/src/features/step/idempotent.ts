import type { IdempotencyStore } from 'svelte-adapter-uws/contract';
import type { Context } from '../../define/context.ts';
import type { IdempotentOptions } from '../../define/idempotent.ts';
import type { Handler } from '../../define/definition.ts';
import { callerOrGuest } from '../../runtime/callers.ts';
import type { StepFeature, StepHost } from '../../runtime/host.ts';
import { LiveError } from '../../shared/error.ts';

/** UTF-16 units of a key. */
const MAX_KEY = 256;
const DEFAULT_TTL = 172_800;
/** Milliseconds after which a call counts as dead with its node, and another may try. */
const RUN_MS = 300_000;
/** Milliseconds between looks at a call that runs on another node, at first and at most, and how long they go on. */
const LOOK_MS = 10;
const LOOK_MAX_MS = 500;
const WAIT_MS = 30_000;

/** A result as it is kept: what was asked, and what came of it. */
interface Kept {
	readonly asked: string;
	readonly value?: unknown;
}

/** A call of this node that is at work. */
interface Running {
	readonly asked: string;
	readonly ctx: Context;
	readonly result: Promise<unknown>;
}

/** `live.idempotent`. */
export const idempotent: StepFeature<IdempotentOptions> = {
	step: 'idempotent',
	wrap(host, { keyFrom, store = host.platform.stores.idempotency, ttl = DEFAULT_TTL }, next) {
		const running = new Map<string, Running>();
		const once = new Once(host, store, ttl * 1000, next);
		return async (ctx, ...args) => {
			const given: unknown = keyFrom ? await keyFrom(ctx, ...args) : ctx.idempotencyKey;
			if (given === null || given === undefined || given === '') return next(ctx, ...args);
			if (typeof given !== 'string' || given.length > MAX_KEY)
				throw new LiveError('INVALID_REQUEST', `An idempotency key is a text of at most ${MAX_KEY} characters.`);
			// A key that the client made up must not give it the result of somebody else, however both are spelled; its author knows
			// what keyFrom gives.
			const key = `rpc:${host.path}:${JSON.stringify(keyFrom ? [given] : [callerOrGuest(ctx), given])}`;
			const asked = await digest(args);
			for (let other = running.get(key); other; other = running.get(key)) {
				if (other.asked !== asked) return conflict();
				try {
					return await other.result;
				} catch (error) {
					// It failed because its caller has gone, who may be this one, back over another connection.
					if (!other.ctx.signal.aborted || ctx.signal.aborted) throw error;
				}
			}
			const result = once.run(key, asked, ctx, args);
			running.set(key, { asked, ctx, result });
			try {
				return await result;
			} finally {
				running.delete(key);
			}
		};
	}
};

/** Runs a procedure once for each key, over all nodes that share the store. */
class Once {
	readonly #host: StepHost;
	readonly #store: IdempotencyStore;
	/** 0: nothing is kept. */
	readonly #ttlMs: number;
	readonly #next: Handler;

	constructor(host: StepHost, store: IdempotencyStore, ttlMs: number, next: Handler) {
		this.#host = host;
		this.#store = store;
		this.#ttlMs = ttlMs;
		this.#next = next;
	}

	async run(key: string, asked: string, ctx: Context, args: readonly unknown[]): Promise<unknown> {
		if (this.#ttlMs === 0) return this.#next(ctx, ...args);
		const claim = await this.#claim(key, ctx);
		if (claim.state === 'settled') {
			const kept = claim.result as Kept;
			return kept.asked === asked ? kept.value : conflict();
		}
		let value: unknown;
		try {
			value = await this.#next(ctx, ...args);
		} catch (error) {
			await this.#store.abandon(key, claim.token).catch((failure: unknown) => this.#host.onError(this.#host.path, failure, ctx));
			throw error;
		}
		try {
			await this.#store.settle(key, claim.token, { asked, value } satisfies Kept, this.#ttlMs);
		} catch (failure) {
			// It has been carried out: its caller hears so, whatever becomes of repeats.
			this.#host.onError(
				this.#host.path,
				new Error('The result of an idempotent call could not be kept.', { cause: failure }),
				ctx
			);
		}
		return value;
	}

	/** Claims the key, or waits for the result of the node that has it. */
	async #claim(
		key: string,
		ctx: Context
	): Promise<Exclude<Awaited<ReturnType<IdempotencyStore['claim']>>, { state: 'pending' }>> {
		const start = this.#host.now();
		for (let pause = LOOK_MS; ; pause = Math.min(pause * 2, LOOK_MAX_MS)) {
			const claim = await this.#store.claim(key, RUN_MS);
			if (claim.state !== 'pending') return claim;
			ctx.signal.throwIfAborted();
			if (this.#host.now() - start >= WAIT_MS)
				throw new LiveError('CONFLICT', 'The same call is still at work.', { retryAfter: LOOK_MAX_MS });
			await new Promise<void>((resolve) => this.#host.after(pause, resolve));
		}
	}
}

function conflict(): never {
	throw new LiveError('CONFLICT', 'The idempotency key was used for a call with other arguments.');
}

/** The arguments as a short text; the bytes of a binary call are the first of them. */
async function digest(args: readonly unknown[]): Promise<string> {
	const [first] = args;
	const bytes = first instanceof ArrayBuffer ? await hash(first) : '';
	return hash(new TextEncoder().encode(bytes + JSON.stringify(args)));
}

async function hash(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<string> {
	return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))));
}
