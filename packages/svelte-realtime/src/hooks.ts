import type {
	CloseContext,
	Connection,
	HookContext,
	MessageContext,
	Platform,
	WebSocketHooks
} from 'svelte-adapter-uws/contract';
import { generated, manifest } from 'svelte-realtime/manifest';
import { welcome } from './push-hooks.ts';
import { busOn, detach, runtimeOf } from './attach.ts';
import { introduce, startBus, type BusStart } from './bus-start.ts';
import { isBus, NO_BUS, NO_LEADER } from './cluster.ts';
import type { ClusterBus } from './relay.ts';
import type { Source } from './runtime/context.ts';
import type { DispatchOptions } from './runtime/dispatch.ts';
import type { OnError } from './runtime/host.ts';
import { isDeeper } from './runtime/parse.ts';
import { DEFAULT_LIMITS } from './shared/limits.ts';
import { atOnce } from './shared/thenable.ts';
import type { Runtime } from './runtime/runtime.ts';

function warnAboutPlugin(): void {
	// eslint-disable-next-line no-console -- addressed to the author of the app
	console.warn(
		"[svelte-realtime] No live module is known, because the Vite plugin is missing. In vite.config: import realtime from 'svelte-realtime/vite', then plugins: [sveltekit(…), realtime()]."
	);
}

/** Options of `createMessage`. */
export interface CreateMessageOptions extends DispatchOptions {
	/**
	 * What `ctx.platform` is, and what handlers publish on, for each connection; with it, do not give `realtime()` or `setBus` a bus
	 * as well. Default: the platform of the server.
	 */
	readonly platform?: (platform: Platform) => Platform;
	/** Hears text frames that are JSON objects, no requests, and at most `maxJsonDepth` deep. */
	readonly onJsonMessage?: (ws: Connection, message: any, platform: Platform) => unknown;
	/** Default 64. */
	readonly maxJsonDepth?: number;
	/** Hears every other frame. */
	readonly onUnhandled?: (ws: Connection, data: ArrayBuffer, platform: Platform) => unknown;
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
	return messageHook((platform) => runtimeOf(platform), options);
}

/** The ready-made `message` hook. */
export const message: MessageHook = createMessage();

/**
 * Answers one frame of a client, for apps that write their `message` hook themselves. False: it is no request.
 * @example export const message = (ws, { data, platform }) => handleRpc(ws, data, platform) || mine(ws, data);
 */
export function handleRpc(ws: Connection, data: ArrayBuffer, platform: Platform, options: DispatchOptions = {}): boolean {
	const [first] = new Uint8Array(data, 0, Math.min(1, data.byteLength));
	// Requests are JSON objects, and calls with bytes begin with what no text begins with.
	if (first !== undefined && first < 3) return runtimeOf(platform).receiveBinary(ws, { platform }, data, options);
	if (first !== 0x7b) return false;
	return runtimeOf(platform).receive(ws, { platform }, new TextDecoder().decode(data), options);
}

function messageHook(find: (platform: Platform) => Runtime, options: CreateMessageOptions): MessageHook {
	const { platform: own, onJsonMessage, maxJsonDepth = DEFAULT_LIMITS.maxEnvelopeDepth, onUnhandled } = options;
	if (own !== undefined && typeof own !== 'function')
		throw new TypeError('[svelte-realtime] createMessage({ platform }) is a function (platform) => platform.');
	const source = own ? ownSource(own) : (context: MessageContext): Source => context;
	return (ws, context) => {
		const { text, platform } = context;
		const runtime = find(platform);
		const isTaken = context.isBinary
			? runtime.receiveBinary(ws, source(context), context.data, options)
			: runtime.receive(ws, source(context), text, options);
		if (isTaken) return undefined;
		if (onJsonMessage && text.startsWith('{') && !isDeeper(text, maxJsonDepth)) {
			const value = parse(text);
			if (value !== undefined) return onJsonMessage(ws, value, platform);
		}
		return onUnhandled?.(ws, context.data, platform);
	};
}

/** The app's own platform of each connection, made once, when a request first needs it: what fails then fails that request. */
function ownSource(own: (platform: Platform) => Platform): (context: MessageContext) => Source {
	const made = new WeakMap<Platform, Source>();
	let isWarned = false;
	return ({ platform }) => {
		let source = made.get(platform);
		if (!source) made.set(platform, (source = lazySource(() => own(platform))));
		if (!isWarned && busOn(platform)) {
			isWarned = true;
			// eslint-disable-next-line no-console -- addressed to the author of the app
			console.warn(
				'[svelte-realtime] createMessage({ platform }) stands beside a bus of realtime() or setBus: if both relay, other instances hear everything twice. Use one.'
			);
		}
		return source;
	};
}

function lazySource(make: () => Platform): Source {
	let made: Platform | undefined;
	return {
		get platform() {
			return (made ??= atOnce('createMessage({ platform })', make()));
		}
	};
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Options of `realtime`. */
export interface RealtimeOptions {
	/** Exported along, for apps that want everything in one place. */
	readonly upgrade?: NonNullable<WebSocketHooks['upgrade']>;
	/** Hears failures of the app's live modules that no caller may see. Default: standard error. */
	readonly onError?: OnError;
	/**
	 * Topics that clients may subscribe to by name, such as with `on('news')`, in an app with streams whose topics cannot be told
	 * from them; a `*` at the end stands for everything that begins so. Topics that surely belong to a stream stay closed.
	 */
	readonly plainTopics?: readonly string[];
	/**
	 * Refuses to start while an export has neither a guard, its module's or a directory's, nor `live.public`. Default false: the
	 * Vite plugin warns.
	 */
	readonly requireGuard?: boolean;
	/** Carries what is published, however it is published, to the other instances of the app. Default: that of `setBus`. */
	readonly bus?: ClusterBus;
	/**
	 * Whether this instance runs what has to run on one, of several that share no stores. Asked each time, so it has to answer at
	 * once. Default: that of `configureCron`.
	 */
	readonly leader?: () => boolean;
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

const KNOWN: ReadonlySet<string> = new Set(['upgrade', 'onError', 'plainTopics', 'requireGuard', 'bus', 'leader']);

/**
 * All hooks of a realtime server. Throws for options that this version does not have.
 * @example
 * // src/hooks.ws.ts
 * export const { init, open, message, unsubscribe, close, shutdown } = realtime();
 * export const upgrade = ({ cookies }) => sessionOf(cookies.sid) || false;
 */
export function realtime(options: RealtimeOptions = {}): RealtimeHooks {
	for (const name of Object.keys(options)) {
		if (!KNOWN.has(name))
			throw new TypeError(
				`[svelte-realtime] realtime({ ${name} }) is not available in this version. Known options: ${[...KNOWN].join(', ')}.`
			);
	}
	const { upgrade, plainTopics, requireGuard = false, bus, leader } = options;
	if (plainTopics && !(Array.isArray(plainTopics) && plainTopics.every((topic) => typeof topic === 'string' && topic !== ''))) {
		throw new TypeError('[svelte-realtime] realtime({ plainTopics }) takes a list of topic names, such as ["news", "lobby:*"].');
	}
	if (typeof requireGuard !== 'boolean') throw new TypeError('[svelte-realtime] realtime({ requireGuard }) is true or false.');
	if (bus !== undefined && !isBus(bus)) throw new TypeError(`[svelte-realtime] realtime({ bus }): ${NO_BUS}`);
	if (leader !== undefined && typeof leader !== 'function')
		throw new TypeError(`[svelte-realtime] realtime({ leader }): ${NO_LEADER}`);
	const find = (platform: Platform): Runtime => runtimeOf(platform, options);
	let started: BusStart | undefined;
	return {
		async init({ platform }) {
			if (!generated && manifest.length === 0) warnAboutPlugin();
			const runtime = find(platform);
			const own = busOn(platform);
			started?.[Symbol.dispose]();
			started = own && startBus(own, platform, { failed: (error) => runtime.report('bus', error) });
			await started?.tried;
			await runtime.readyToServe(requireGuard);
		},
		shutdown({ platform }) {
			started?.[Symbol.dispose]();
			detach(platform);
		},
		open(ws, { platform }) {
			const runtime = find(platform);
			welcome(ws, platform);
			const own = busOn(platform);
			if (own) void introduce(own, ws, platform, (error) => runtime.report('bus', error));
		},
		message: messageHook(find, {}),
		unsubscribe: (ws, topic, { platform }) => find(platform).left(ws, topic),
		// Streams end with the connection's signal, which has aborted by now.
		close: () => {},
		...(upgrade ? { upgrade } : {})
	};
}
