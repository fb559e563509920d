import type { Connection, HookContext, MessageContext, Platform } from 'svelte-adapter-uws/contract';
import { attachedTo } from './attached.ts';
import { room } from './define/room.ts';
import type { Room, RoomConfig } from './define/room-config.ts';
import type { Runtime } from './runtime/runtime.ts';

/** Hooks for an app whose `src/hooks.ws` has none of `realtime()`; those of one room serve all live modules. */
export interface RoomHooks {
	readonly init: (context: HookContext) => Promise<void>;
	readonly open: (ws: Connection, context: HookContext) => Promise<void>;
	readonly message: (ws: Connection, context: MessageContext) => unknown;
	readonly unsubscribe: (ws: Connection, topic: string, context: HookContext) => void;
	readonly close: () => void;
}

/** What `live.room` gives. */
export type RoomWithHooks<Config extends RoomConfig = RoomConfig> = Room<Config> & {
	/** @example export const { init, open, message, unsubscribe, close } = desk.hooks; // in src/hooks.ws */
	readonly hooks: RoomHooks;
};

/** The runtime of a server, made if need be: by what imports the live modules, and so may be imported by none of them. */
const runtimeOn = async (platform: Platform): Promise<Runtime> => (await import('./attach.ts')).runtimeOf(platform);

const hooks: RoomHooks = Object.freeze({
	async init({ platform }) {
		await (await runtimeOn(platform)).ready();
	},
	async open(ws, { platform }) {
		const { welcome } = await import('./push-hooks.ts');
		if (!ws.signal.aborted) welcome(ws, platform);
	},
	message(ws, context) {
		const { platform, isBinary } = context;
		const known = attachedTo(platform);
		if (known) return void (isBinary ? known.receiveBinary(ws, context, context.data) : known.receive(ws, context, context.text));
		const { text } = context;
		// The bytes are the hook's only until it returns.
		const bytes = isBinary ? context.data.slice(0) : undefined;
		return runtimeOn(platform).then(
			(made) => void (bytes ? made.receiveBinary(ws, { platform }, bytes) : made.receive(ws, { platform }, text))
		);
	},
	unsubscribe: (ws, topic, { platform }) => attachedTo(platform)?.left(ws, topic),
	// Streams end with the connection's signal, which has aborted by now.
	close: () => {}
} satisfies RoomHooks);

/** `live.room`, where there is a server. */
export const roomWithHooks = <Config extends RoomConfig>(config: Config): RoomWithHooks<Config> =>
	Object.defineProperty(room(config), 'hooks', { value: hooks }) as RoomWithHooks<Config>;
