import { stream as describe } from '../../define/stream.ts';
import type { Stream } from '../../define/definition.ts';
import type { Feature } from '../../runtime/host.ts';
import { LiveError } from '../../shared/error.ts';
import { Fields } from './fields.ts';
import { View } from './view.ts';

/** `live.aggregate(source, reducers, options)`: what clients see of it are streams, one for each window. */
export function createAggregate(stream: Feature<'stream'>): Feature<'aggregate'> {
	return {
		kind: 'aggregate',
		install(host, { path, definition }) {
			const { source, reducers, options } = definition;
			const { topic, snapshot, snapshots = {}, debounce = 0, windows } = options;
			const fields = new Fields(reducers, (error) => host.onError(path, error));
			const views: View[] = [];
			const offer = (name?: string): Stream => {
				const spec = name === undefined ? undefined : windows?.[name];
				const own = name === undefined ? topic : `${topic}:${name}`;
				const first = name === undefined || name === 'lifetime' ? snapshot : undefined;
				const view = new View({
					host,
					path,
					topic: own,
					fields,
					spec,
					debounce: spec?.debounce ?? debounce,
					snapshot: (name === undefined ? undefined : snapshots[name]) ?? first
				});
				views.push(view);
				return describe<any[], unknown>(own, () => view.load(), { merge: 'set' });
			};
			const names = windows && Object.keys(windows);
			const parts = names && new Map(names.map((name) => [`__window/${name}`, offer(name)]));
			const whole = parts ? undefined : stream.install(host, { path, definition: offer() });
			const reacting = host.react(path, [source], (reaction) => {
				for (const view of views) view.hear(reaction);
			});
			return {
				...(whole ?? { subscribe: () => Promise.reject(unnamed(path, names!)) }),
				...(parts && { parts }),
				[Symbol.dispose]() {
					reacting[Symbol.dispose]();
					whole?.[Symbol.dispose]();
					for (const view of views) view[Symbol.dispose]();
				}
			};
		}
	};
}

function unnamed(path: string, windows: readonly string[]): LiveError {
	return new LiveError('INVALID_REQUEST', `${path} has windows. Follow one of them: ${windows.join(', ')}.`);
}
