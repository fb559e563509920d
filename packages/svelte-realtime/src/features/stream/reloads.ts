import type { Envelope, Origin } from 'svelte-adapter-uws/contract';
import type { Context } from '../../define/context.ts';
import { atOnce } from '../../shared/thenable.ts';
import type { Plan } from './plan.ts';

/** How long one reload keeps others of the cluster from beginning. */
const CLAIM_MS = 30_000;
/** Milliseconds between two looks whether another worker's reload is over. */
const LOOK_MS = 50;

interface Subscriber {
	readonly context: Context;
	readonly args: readonly unknown[];
}

/** What one topic has while it has subscribers. */
interface Watched {
	/** In the order that they came. */
	readonly subscribers: Set<Subscriber>;
	readonly watches: readonly Disposable[];
	timer: Disposable | undefined;
	running: boolean;
	/** What the next reload answers; `undefined` = nothing has happened since the last one began. */
	due: Due | undefined;
}

/** Why a topic is loaded again. */
interface Due {
	/** Whether it is loaded for the clients of all nodes, rather than for those of this one. */
	readonly relay: boolean;
	/** Where it began. */
	readonly origin: Origin;
}

/**
 * Loads a stream anew for everybody when nothing was heard of it for long, or when something that it depends on has happened:
 * once for all nodes that share stores, for whom `refreshed` is published. Nodes that a bus of the app's joins have nothing to agree
 * by, so each of them loads for its own clients: what another one loads may be older than what this one has.
 */
export class Reloads implements Disposable {
	readonly #plan: Plan;
	readonly #topics = new Map<string, Watched>();
	#warned = false;

	constructor(plan: Plan) {
		this.#plan = plan;
	}

	/** Somebody follows the topic; gives how it ends. */
	enter(topic: string, context: Context, args: readonly unknown[]): () => void {
		const { staleAfterMs, invalidateOn } = this.#plan.options;
		if (staleAfterMs === undefined && invalidateOn === undefined) return () => {};
		const watched = this.#topics.get(topic) ?? this.#watch(topic);
		const subscriber: Subscriber = { context, args };
		watched.subscribers.add(subscriber);
		return () => {
			watched.subscribers.delete(subscriber);
			if (watched.subscribers.size === 0) this.#rest(topic, watched);
		};
	}

	[Symbol.dispose](): void {
		for (const [topic, watched] of this.#topics) this.#rest(topic, watched);
	}

	#watch(topic: string): Watched {
		const { host, path, options } = this.#plan;
		const { staleAfterMs, invalidateOn } = options;
		const watches: Disposable[] = [];
		const watched: Watched = { subscribers: new Set(), watches, timer: undefined, running: false, due: undefined };
		this.#topics.set(topic, watched);
		if (staleAfterMs !== undefined) {
			watches.push(host.watch(path, [topic], () => this.#arm(topic, watched)));
			this.#arm(topic, watched);
		}
		if (invalidateOn !== undefined) {
			const sources = typeof invalidateOn === 'string' ? [invalidateOn] : invalidateOn;
			watches.push(
				host.watch(path, sources, async (envelope, origin) => {
					if (envelope.event === 'refreshed') return;
					const { topic: source, position } = envelope;
					const relay = this.#isShared(envelope, origin);
					// Every worker with subscribers hears it. Without a number nobody can tell whether another one has.
					const isMine =
						!relay || !position || (await this.#claim(`${topic} ${source} ${position.epoch} ${position.seq}`, CLAIM_MS));
					if (isMine) await this.#reload(topic, watched, { relay, origin: relay ? 'local' : origin });
				})
			);
		}
		return watched;
	}

	#rest(topic: string, watched: Watched): void {
		if (this.#topics.get(topic) === watched) this.#topics.delete(topic);
		watched.timer?.[Symbol.dispose]();
		for (const watch of watched.watches) watch[Symbol.dispose]();
	}

	#arm(topic: string, watched: Watched): void {
		const ms = this.#plan.options.staleAfterMs!;
		watched.timer?.[Symbol.dispose]();
		watched.timer = this.#plan.host.after(ms, () => {
			// Again in any case: also a worker whose turn it was not, or whose loader fails.
			this.#arm(topic, watched);
			const relay = !this.#plan.host.isBridged();
			const mine = relay ? this.#claim(`${topic} stale`, ms / 2) : Promise.resolve(true);
			void mine.then(
				(isMine) => (isMine ? this.#reload(topic, watched, { relay, origin: 'local' }) : undefined),
				(error: unknown) => this.#plan.report(error, null, topic)
			);
		});
	}

	/** Whether other nodes hear of an event by the same number, so that one of them acts on it for all. */
	#isShared({ position }: Envelope, origin: Origin): boolean {
		const { isBridged, platform } = this.#plan.host;
		return !isBridged() && !(origin === 'remote' && position?.epoch === platform.epoch);
	}

	/** One at a time; what happens meanwhile leads to exactly one more. Never rejects. */
	async #reload(topic: string, watched: Watched, due: Due): Promise<void> {
		watched.due = watched.due ? both(watched.due, due) : due;
		if (watched.running) return;
		watched.running = true;
		try {
			while (watched.due && watched.subscribers.size > 0) await this.#exclusively(topic, () => this.#once(topic, watched));
		} catch (error) {
			this.#plan.report(error, null, topic);
		} finally {
			watched.running = false;
		}
	}

	async #once(topic: string, watched: Watched): Promise<void> {
		const { host } = this.#plan;
		const { due, subscribers } = watched;
		const [subscriber] = subscribers;
		watched.due = undefined;
		if (!subscriber || !due) return;
		try {
			const context = this.#contextOf(subscriber);
			const data = await this.#plan.load(context, ...subscriber.args);
			host.platform.publish(topic, 'refreshed', data === undefined ? null : data, due);
		} catch (error) {
			this.#plan.report(error, subscriber.context, topic);
		}
	}

	#contextOf({ context }: Subscriber): Context {
		const { host, options, definition, path } = this.#plan;
		if (options.refreshAs) return host.context({ user: atOnce('refreshAs', options.refreshAs(context)) });
		if (typeof definition.topic !== 'string' || this.#warned) return context;
		// Everybody sees what one of them may see.
		const warn = (): void => {
			if (this.#warned) return;
			this.#warned = true;
			host.warn(
				`${path}: the loader reads ctx.user, but all users share the topic and what is loaded again for it. Load what everybody may see, give each user a topic, or say who it is loaded as: refreshAs.`
			);
		};
		return new Proxy(context, {
			get: (target, name) => {
				if (name === 'user') warn();
				const value: unknown = Reflect.get(target, name, target);
				return typeof value === 'function' ? value.bind(target) : value;
			}
		});
	}

	/** Whether this worker is the one of the cluster that does it. */
	async #claim(what: string, ms: number): Promise<boolean> {
		const { host, path } = this.#plan;
		const claim = await host.platform.stores.idempotency.claim(`live reload ${path} ${what}`, ms);
		return claim.state === 'claimed';
	}

	/** Not while another worker does: who began later publishes later. */
	async #exclusively(topic: string, run: () => Promise<void>): Promise<void> {
		const { host, path } = this.#plan;
		const { lock } = host.platform.stores;
		const key = `live reload ${path} ${topic}`;
		for (;;) {
			const grant = await lock.acquire(key, CLAIM_MS);
			if (!grant) {
				await new Promise<void>((resolve) => void host.after(LOOK_MS, resolve));
				continue;
			}
			try {
				return await run();
			} finally {
				await lock.release(key, grant.token);
			}
		}
	}
}

const both = (a: Due, b: Due): Due => ({
	relay: a.relay || b.relay,
	origin: a.origin === 'local' || b.origin === 'local' ? 'local' : 'remote'
});
