import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { Platform } from '../contract/platform.ts';

/** The hooks, with a line in the log for every open, close, subscribe and unsubscribe. */
export function logTraffic(hooks: WebSocketHooks, log: Log): WebSocketHooks {
	const { subscribeBatch } = hooks;
	return {
		...hooks,
		open(ws, context) {
			log.info(`[ws] open ${ws.id} from ${Buffer.from(ws.getRemoteAddressAsText()).toString()}`);
			return hooks.open?.(ws, context);
		},
		subscribe(ws, topic, context) {
			log.info(`[ws] subscribe ${ws.id} ${topic}`);
			return hooks.subscribe?.(ws, topic, context);
		},
		...(subscribeBatch && {
			subscribeBatch(ws, topics, context) {
				log.info(`[ws] subscribe ${ws.id} ${topics.join(' ')}`);
				return subscribeBatch.call(hooks, ws, topics, context);
			}
		}),
		unsubscribe(ws, topic, context) {
			log.info(`[ws] unsubscribe ${ws.id} ${topic}`);
			return hooks.unsubscribe?.(ws, topic, context);
		},
		close(ws, context) {
			log.info(`[ws] close ${context.id} with ${context.code} after ${context.duration.toFixed(0)} ms`);
			return hooks.close?.(ws, context);
		}
	};
}

/** A line in the log for every event that this server publishes or receives from others. */
export function tapTraffic(platform: Platform, log: Log): Disposable {
	return platform.tap(({ topic, event }) => log.info(`[ws] publish ${topic} ${event}`));
}
