import type { Context } from '../../define/context.ts';
import { define } from '../../define/definition.ts';
import type { Derived } from '../../define/reactive.ts';
import { checkSources } from '../../define/sources.ts';
import { stream as describe } from '../../define/stream.ts';
import { Debounce } from '../../runtime/debounce.ts';
import type { Feature, Host } from '../../runtime/host.ts';
import { identityOf } from '../../runtime/identity.ts';
import { LiveError } from '../../shared/error.ts';
import { atOnce } from '../../shared/thenable.ts';
import { Computation } from './computation.ts';

/** One value, for certain arguments. It reacts to its sources until it is disposed. */
interface Instance extends Disposable {
	readonly computation: Computation;
}

/** Somebody follows a topic, or did until now. */
interface Followed {
	followers: number;
	instance?: Instance;
}

/** `live.derived(sources, compute, options)`: what clients see of it is a stream. */
export function createDerived(stream: Feature<'stream'>): Feature<'derived'> {
	return {
		kind: 'derived',
		install(host, { path, definition }) {
			const { sources, options } = definition;
			const isOne = typeof sources !== 'function' && !options.perUser;
			const followed = new Map<string, Followed>();
			const one = isOne ? begin(host, path, { definition, topic: path, context: host.context(), args: [] }) : undefined;

			const topicOf = (ctx: Context, ...args: readonly unknown[]): string => topicFor(path, definition, ctx, args);
			const load = (ctx: Context, ...args: readonly unknown[]): unknown => {
				if (one) return one.computation.current();
				const context = host.context({ user: options.perUser ? ctx.user : null });
				// What code of the server asks for is followed by nobody; so is what its client has left meanwhile.
				const topic = ctx.ws ? topicOf(ctx, ...args) : '';
				const entry = followed.get(topic);
				if (!entry) return definition.compute(context, ...args);
				entry.instance ??= begin(host, path, { definition, topic, context, args });
				return entry.instance.computation.current();
			};
			const inner = stream.install(host, {
				path,
				definition: computed(one ? path : topicOf, load, {
					merge: options.merge ?? 'set',
					...(one ? {} : { topicCtx: true }),
					onSubscribe(_ctx, topic) {
						const entry = followed.get(topic);
						if (entry) entry.followers++;
						else followed.set(topic, { followers: 1 });
					},
					onUnsubscribe(_ctx, topic) {
						const entry = followed.get(topic);
						if (!entry || --entry.followers > 0) return;
						followed.delete(topic);
						entry.instance?.[Symbol.dispose]();
					}
				})
			});
			return {
				...inner,
				topics: one ? { exact: path } : { prefix: `${path}~` },
				subscribe(context, args, request) {
					const { maxDerivedInstances } = host.app.limits;
					if (!one && followed.size >= maxDerivedInstances && !followed.has(topicOf(context, ...args)))
						throw new LiveError('RATE_LIMITED', `At most ${maxDerivedInstances} values of it are followed at a time.`);
					return inner.subscribe!(context, args, request);
				},
				[Symbol.dispose]() {
					inner[Symbol.dispose]();
					one?.[Symbol.dispose]();
					for (const { instance } of followed.values()) instance?.[Symbol.dispose]();
				}
			};
		}
	};
}

const computed: typeof describe<any[], unknown> = (...described) => define({ ...describe(...described), derived: true });

/** The topic of a value: no two lists of arguments, and no two users, have the same. */
function topicFor(path: string, { options }: Derived, ctx: Context, args: readonly unknown[]): string {
	if (!options.perUser) return `${path}~${encode(args)}`;
	const user = identityOf(ctx.user);
	if (user === undefined && ctx.user !== null && ctx.user !== undefined)
		throw new Error(`${path} is perUser, and this user has no id, user_id or userId.`);
	return `${path}~${encode([user === undefined ? null : `${typeof user}:${user}`, ...args])}`;
}

const encode = (value: unknown): string => encodeURIComponent(JSON.stringify(value)).replaceAll('~', '%7E');

interface Begun {
	readonly definition: Derived;
	readonly topic: string;
	readonly context: Context;
	readonly args: readonly unknown[];
}

function begin(host: Host, path: string, { definition, topic, context, args }: Begun): Instance {
	const { sources, compute, options } = definition;
	const { merge = 'set', debounce = 0 } = options;
	const event = merge === 'set' ? 'set' : 'refreshed';
	// Every node computes it for its own subscribers.
	const computation = new Computation(
		() => compute(context, ...args),
		(value) => void host.platform.publish(topic, event, value, { relay: false, origin: 'local' })
	);
	const quiet = new Debounce(host, debounce);
	const names = typeof sources === 'function' ? atOnce(`The sources of ${path}`, sources(...args)) : sources;
	if (typeof sources === 'function') {
		if (Array.isArray(names) && names.length === 0) host.warn(`${path} has no sources for ${topic}, so it will not change.`);
		else checkSources(path, names);
	}
	const reacting = host.react(path, names, ({ run }) => quiet.call(() => run(() => computation.refresh())));
	return {
		computation,
		[Symbol.dispose]() {
			computation.end();
			quiet[Symbol.dispose]();
			reacting[Symbol.dispose]();
		}
	};
}
