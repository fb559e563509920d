import type { Context } from '../../define/context.ts';
import type { Stream } from '../../define/definition.ts';
import type { Host, Subscribed } from '../../runtime/host.ts';
import { isolate } from '../../runtime/isolate.ts';
import { LiveError } from '../../shared/error.ts';
import type { RpcRequest } from '../../shared/rpc-frame.ts';

/** One granted subscribe request. */
export interface Granted {
	readonly path: string;
	readonly definition: Stream;
	readonly topic: string;
	readonly context: Context;
	readonly args: readonly unknown[];
	readonly request: RpcRequest;
}

/**
 * Joins the topic, then loads: an event between the two reaches the client ahead of the reply, and none is missed. A loader
 * that fails leaves nothing behind.
 */
export async function follow(host: Host, granted: Granted): Promise<Subscribed> {
	const { path, definition, topic, context, args, request } = granted;
	const { options } = definition;
	if (!context.ws) throw new LiveError('INVALID_REQUEST', 'Only a connection can subscribe.');
	const join = host.scope(context.ws).join(topic, path, (remaining) => {
		if (options.onUnsubscribe) void isolate(host, path, context, () => options.onUnsubscribe?.(context, topic, remaining));
	});
	try {
		if (join.isFirst && options.onSubscribe) await isolate(host, path, context, () => options.onSubscribe?.(context, topic));
		if (context.signal.aborted) throw new LiveError('CONNECTION_CLOSED');
		const data = await definition.load(context, ...args);
		const { merge = 'crud', key = 'id', prepend, max } = options;
		const fields = {
			data: data === undefined ? null : data,
			topic,
			merge,
			...(merge === 'crud' ? { key } : {}),
			...(prepend === undefined ? {} : { prepend }),
			...(max === undefined ? {} : { max }),
			...(request.seq === undefined ? {} : { replay: false })
		};
		return { fields, grant: join.grant, undo: join.undo };
	} catch (error) {
		join.undo();
		throw error;
	}
}
