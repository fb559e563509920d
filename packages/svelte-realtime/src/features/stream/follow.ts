import type { Context } from '../../define/context.ts';
import type { Stream } from '../../define/definition.ts';
import type { Host } from '../../runtime/host.ts';
import { isThenable } from '../../runtime/pipeline.ts';
import { LiveError } from '../../shared/error.ts';

/** One granted subscribe request. */
export interface Granted {
	readonly path: string;
	readonly definition: Stream;
	readonly topic: string;
	readonly context: Context;
	readonly args: readonly unknown[];
}

/**
 * Joins the topic, then loads: an event between the two reaches the client ahead of the reply, and none is missed. A loader
 * that fails leaves nothing behind.
 */
export async function follow(host: Host, granted: Granted): Promise<object> {
	const { path, definition, topic, context, args } = granted;
	const { options } = definition;
	if (!context.ws) throw new LiveError('INVALID_REQUEST', 'Only a connection can subscribe.');
	const scope = host.scope(context.ws);
	const ended = (remaining: number): void => {
		if (options.onUnsubscribe) isolate(host, path, context, () => options.onUnsubscribe?.(context, topic, remaining));
	};
	const joined = scope.join(topic, path, ended);
	if (joined === undefined) throw new LiveError('CONNECTION_CLOSED');
	try {
		if (joined && options.onSubscribe) await isolate(host, path, context, () => options.onSubscribe?.(context, topic));
		const data = await definition.load(context, ...args);
		const { merge = 'crud', key = 'id', prepend, max } = options;
		return {
			data: data === undefined ? null : data,
			topic,
			merge,
			...(merge === 'crud' ? { key } : {}),
			...(prepend === undefined ? {} : { prepend }),
			...(max === undefined ? {} : { max })
		};
	} catch (error) {
		if (joined) scope.undo(topic, path);
		throw error;
	}
}

/** Runs a callback of the app whose failure is only reported. Gives a promise only when it does, which never rejects. */
function isolate(host: Host, path: string, context: Context, run: () => unknown): Promise<void> | undefined {
	const failed = (error: unknown): void => host.onError(path, error, context);
	try {
		const result = run();
		return isThenable(result) ? Promise.resolve(result).then(() => {}, failed) : undefined;
	} catch (error) {
		failed(error);
		return undefined;
	}
}
