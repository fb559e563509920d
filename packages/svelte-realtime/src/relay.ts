import type { BatchedMessage, Platform, PublishMessage, PublishOptions, TopicHelper } from 'svelte-adapter-uws/contract';

/** Carries what is published to other instances of the app. */
export interface ClusterBus {
	/** The platform, with `publish`, `batch`, `publishBatched` and `topic` that also relay; `relay: false` stays on this node. */
	wrap(platform: Platform): Platform;
}

/**
 * Makes everything that is published on a server go through the bus, once: by handlers, timers, endpoints and hooks, whose
 * platforms all derive from this one. The bus is asked for at each publish. Dispose to have the platform as it was.
 */
export function relay(base: Platform, bus: () => ClusterBus | undefined): Disposable {
	const { publish, batch, publishBatched, topic } = base;
	const plain: Platform = Object.create(base, describe({ publish, batch, publishBatched, topic }));
	let wrapped: { readonly by: ClusterBus; readonly platform: Platform } | undefined;
	const current = (): Platform => {
		const by = bus();
		if (!by) return plain;
		if (wrapped?.by !== by) wrapped = { by, platform: by.wrap(plain) };
		return wrapped.platform;
	};
	Object.defineProperties(
		base,
		describe({
			// What a bus brings from elsewhere it publishes with `relay: false`, on whichever platform it was given.
			publish: (name: string, event: string, data?: unknown, options?: PublishOptions): boolean =>
				(options?.relay === false ? plain : current()).publish(name, event, data, options),
			batch: (messages: readonly PublishMessage[]): boolean[] => current().batch(messages),
			publishBatched: (messages: readonly BatchedMessage[]): void => current().publishBatched(messages),
			topic: (name: string): TopicHelper => current().topic(name)
		})
	);
	return { [Symbol.dispose]: () => void Object.defineProperties(base, describe({ publish, batch, publishBatched, topic })) };
}

type Publishing = Pick<Platform, 'publish' | 'batch' | 'publishBatched' | 'topic'>;

const describe = (methods: Publishing): PropertyDescriptorMap =>
	Object.fromEntries(
		Object.entries(methods).map(([name, value]) => [name, { value, writable: true, enumerable: true, configurable: true }])
	);
