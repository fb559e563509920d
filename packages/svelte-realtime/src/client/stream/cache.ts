import { callKey } from '../rpc/dedupe.ts';
import type { StreamHost } from './host.ts';
import type { StreamOptions } from './merge.ts';
import { serverLoad } from './server-load.ts';
import type { StreamStore } from './store.ts';
import { Stream } from './stream.ts';

/** Streams kept per export. Past it, those that nobody uses go, the longest unused first. */
export const MAX_CACHED_STREAMS = 1000;

/** Streams that differ by arguments: equal arguments give the same store. */
export type StreamFactory<Args extends unknown[] = any[], T = any> = (...args: Args) => StreamStore<T>;

/** Creates the factory of one dynamic stream. Types count: `list(1)` and `list('1')` are two streams. */
export function createStreamFactory(host: () => StreamHost, path: string, options: StreamOptions): StreamFactory {
	const cache = new Map<string, Stream<any>>();

	const evict = (): void => {
		for (const [key, stream] of cache) {
			if (cache.size <= MAX_CACHED_STREAMS) return;
			if (!stream.idle) continue;
			cache.delete(key);
			stream.reset();
		}
	};

	const create: StreamFactory = (...args) => {
		const key = callKey(path, args);
		const known = cache.get(key);
		const stream = known ?? new Stream(host, path, args, options);
		cache.delete(key);
		cache.set(key, stream);
		if (!known) evict();
		return stream;
	};
	return Object.assign(create, { load: serverLoad(path) });
}
