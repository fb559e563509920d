import type {
	BatchedMessage,
	Connection,
	Platform,
	PublishMessage,
	PublishOptions,
	TopicHelper
} from 'svelte-adapter-uws/contract';

/** Carries what is published to other instances of the app. */
export interface ClusterBus {
	/** The platform, with `publish`, `batch`, `publishBatched` and `topic` that also relay; `relay: false` stays on this node. */
	wrap(platform: Platform): Platform;
	/** Begins to bring what other instances publish; called when the server starts. What it gives, or a promise of it, is not used. */
	activate?(platform: Platform): unknown;
	/**
	 * Of a bus that brings a topic to those instances alone that follow it: somebody on this instance wants what others publish on it.
	 * Called for the first who does. A promise is waited for before the value of a stream on it is loaded; what fails is tried again.
	 */
	follow?(topic: string): unknown;
	/** Nobody on this instance does any more. */
	unfollow?(topic: string): unknown;
	readonly hooks?: {
		/** Tells a new connection how the bus is, on `__realtime`: `degraded` and `recovered`. */
		open?(ws: Connection, context: { readonly platform: Platform }): unknown;
	};
}

/** How an app's instances hear of each other, asked for at each publish. */
export interface Relays {
	readonly bus: () => ClusterBus | undefined;
	/** Whether this instance is the one of all that acts on what all are told; `undefined`: nobody has said. */
	readonly leads: () => boolean | undefined;
}

/**
 * Makes everything that is published on a server go through the bus, once: by handlers, timers, endpoints and hooks, whose
 * platforms all derive from this one. What a bus or a bridge brings, on whichever of them it was given, it publishes with
 * `relay: false`: with a bus, another instance has published that; without, every instance is brought the same, and the leader's
 * counts. Dispose to have the platform as it was.
 */
export function relay(base: Platform, { bus, leads }: Relays): Disposable {
	const { publish, batch, publishBatched, topic } = base;
	const plain: Platform = Object.create(base, describe({ publish, batch, publishBatched, topic }));
	let wrapped: { readonly carrier: ClusterBus; readonly platform: Platform } | undefined;
	/** What publishes: through the bus, or past it, for what goes no further. */
	const by = (isRelayed: boolean): Platform => {
		const carrier = isRelayed ? bus() : undefined;
		if (!carrier) return plain;
		if (wrapped?.carrier !== carrier) wrapped = { carrier, platform: carrier.wrap(plain) };
		return wrapped.platform;
	};
	const told = <Message extends PublishMessage>(message: Message): Message =>
		isBrought(message.options) ? { ...message, options: withOrigin(message.options) } : message;
	const withOrigin = (options: PublishOptions): PublishOptions => ({
		...options,
		origin: bus() || leads() === false ? 'remote' : 'local'
	});
	Object.defineProperties(
		base,
		describe({
			publish: (name: string, event: string, data?: unknown, options?: PublishOptions): boolean =>
				by(options?.relay !== false).publish(name, event, data, isBrought(options) ? withOrigin(options) : options),
			batch: (messages: readonly PublishMessage[]): boolean[] => by(messages.some(leaves)).batch(messages.map(told)),
			publishBatched: (messages: readonly BatchedMessage[]): void => by(messages.some(leaves)).publishBatched(messages.map(told)),
			topic: (name: string): TopicHelper => by(true).topic(name)
		})
	);
	return { [Symbol.dispose]: () => void Object.defineProperties(base, describe({ publish, batch, publishBatched, topic })) };
}

/** Whether an event may come from elsewhere: it goes no further, and who publishes it does not say where it comes from. */
const isBrought = (options: PublishOptions | undefined): options is PublishOptions =>
	options?.relay === false && options.origin === undefined;

const leaves = ({ options }: PublishMessage): boolean => options?.relay !== false;

type Publishing = Pick<Platform, 'publish' | 'batch' | 'publishBatched' | 'topic'>;

const describe = (methods: Publishing): PropertyDescriptorMap =>
	Object.fromEntries(
		Object.entries(methods).map(([name, value]) => [name, { value, writable: true, enumerable: true, configurable: true }])
	);
