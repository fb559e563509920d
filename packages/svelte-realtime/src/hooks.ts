import type { CloseContext, Connection, HookContext, MessageContext, WebSocketHooks } from 'svelte-adapter-uws/contract';
import { detach, runtimeOf } from './attach.ts';
import type { DispatchOptions } from './runtime/dispatch.ts';
import type { OnError } from './runtime/host.ts';

/** Options of `createMessage`. */
export interface CreateMessageOptions extends DispatchOptions {
	/** Hears text frames that are JSON objects but no requests, and at most `maxJsonDepth` deep. */
	readonly onJsonMessage?: (ws: Connection, message: object, context: MessageContext) => unknown;
	/** Hears every other frame. */
	readonly onUnhandled?: (ws: Connection, data: ArrayBuffer, context: MessageContext) => unknown;
}

/** The `message` hook of `src/hooks.ws`. */
export type MessageHook = (ws: Connection, context: MessageContext) => unknown;

/**
 * Makes a `message` hook that answers calls and streams.
 * @example
 * export const message = createMessage({
 *   async beforeExecute(ws, path) { if (!(await limiter.consume(ws)).allowed) throw new LiveError('RATE_LIMITED'); }
 * });
 */
export function createMessage(options: CreateMessageOptions = {}): MessageHook {
	const { onJsonMessage, onUnhandled } = options;
	return (ws, context) => {
		const { text } = context;
		// The platform is made when it is first read, so a request that needs none costs none; the runtime is found through it once.
		if (!context.isBinary && runtimeOf(context.platform).receive(ws, context, text, options)) return undefined;
		if (onJsonMessage && !context.isBinary && text.startsWith('{')) {
			const message = parse(text);
			if (typeof message === 'object' && message !== null) return onJsonMessage(ws, message, context);
		}
		return onUnhandled?.(ws, context.data, context);
	};
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The ready-made `message` hook. */
export const message: MessageHook = createMessage();

/** Options of `realtime`. */
export interface RealtimeOptions {
	/** Exported along, for apps that want everything in one place. */
	readonly upgrade?: NonNullable<WebSocketHooks['upgrade']>;
	/** Hears failures of the app's live modules that no caller may see. Default: standard error. */
	readonly onError?: OnError;
}

/** The hooks that `src/hooks.ws` exports. */
export interface RealtimeHooks {
	readonly init: (context: HookContext) => Promise<void>;
	readonly shutdown: (context: HookContext) => void;
	readonly open: (ws: Connection, context: HookContext) => void;
	readonly message: MessageHook;
	readonly unsubscribe: (ws: Connection, topic: string, context: HookContext) => void;
	readonly close: (ws: Connection, context: CloseContext) => void;
	readonly upgrade?: NonNullable<WebSocketHooks['upgrade']>;
}

const KNOWN = new Set(['upgrade', 'onError']);

/**
 * All hooks of a realtime server. Throws for options that this version does not have.
 * @example
 * // src/hooks.ws.ts
 * export const { init, open, message, unsubscribe, close, shutdown } = realtime();
 * export const upgrade = ({ cookies }) => sessionOf(cookies.sid) || false;
 */
export function realtime(options: RealtimeOptions = {}): RealtimeHooks {
	for (const name of Object.keys(options)) {
		if (!KNOWN.has(name)) throw new TypeError(`[svelte-realtime] realtime({ ${name} }) is not available in this version, which serves one process. Known options: ${[...KNOWN].join(', ')}.`);
	}
	const { onError, upgrade } = options;
	return {
		init: ({ platform }) => runtimeOf(platform, onError).ready(),
		shutdown: ({ platform }) => detach(platform),
		open: (_ws, { platform }) => void runtimeOf(platform, onError),
		message,
		unsubscribe: (ws, topic, { platform }) => runtimeOf(platform, onError).left(ws, topic),
		// Streams end with the connection's signal, which has aborted by now.
		close: () => {},
		...(upgrade ? { upgrade } : {})
	};
}
