import type { CloseContext, Connection, HookContext, Platform } from 'svelte-adapter-uws/contract';
import { runtimeOf } from './attach.ts';
import { declared } from './declared.ts';
import { getPlatform } from './publish.ts';
import { userOf } from './runtime/context.ts';
import { identityOf } from './runtime/identity.ts';
import type { Runtime } from './runtime/runtime.ts';
import { isUserId, signalTopic, USER_ID_RULE } from './runtime/user-id.ts';
import { LiveError } from './shared/error.ts';
import { atOnce } from './shared/thenable.ts';

/** Hooks for apps that write theirs by themselves; those of `realtime()` do the same. */
export const pushHooks: {
	/** Makes a connection one of its user's. Throws a TypeError without a platform, and for an id that is none. */
	open(ws: Connection, context: HookContext): void;
	/** The connection is not to be pushed to any more. */
	close(ws: Connection, context?: CloseContext | HookContext): void;
} = {
	open(ws, context) {
		const platform = context?.platform;
		if (!platform) throw new TypeError('[svelte-realtime] pushHooks.open(ws, { platform }): the platform is missing.');
		const userId = identify(ws);
		if (userId !== undefined) runtimeOf(platform).pushes.open(ws, userId);
	},
	close(ws, context) {
		const platform = context?.platform ?? getPlatform();
		if (platform) runtimeOf(platform).pushes.close(ws);
	}
};

/**
 * Lets a connection hear what `ctx.sendSignal` sends to its user; the `open` of `realtime()` does the same. Without an id it does
 * nothing. Throws a LiveError `INVALID_USER_ID` for an id that is none.
 * @example export const open = (ws) => enableSignals(ws, { idField: 'account' });
 */
export function enableSignals(ws: Connection, { idField = 'id' }: { readonly idField?: string } = {}): void {
	const user = userOf(ws) as Readonly<Record<string, unknown>> | null;
	const id = user?.[idField];
	if (id === null || id === undefined) return;
	const platform = getPlatform();
	join(ws, id, platform ? runtimeOf(platform) : undefined);
}

/** What `realtime()` does for each connection. */
export function welcome(ws: Connection, platform: Platform): void {
	const runtime = runtimeOf(platform);
	try {
		pushHooks.open(ws, { platform });
		const id = identityOf(userOf(ws));
		if (id !== undefined) join(ws, id, runtime);
	} catch (error) {
		// A user whose name cannot be used is served all the same.
		runtime.report('push', error);
	}
}

function join(ws: Connection, id: unknown, runtime: Runtime | undefined): void {
	const userId = String(id);
	if (!isUserId(userId)) throw new LiveError('INVALID_USER_ID', `The id of a user has to be ${USER_ID_RULE}.`);
	const topic = signalTopic(userId);
	if (ws.subscribe(topic)) runtime?.hears(ws, topic);
}

function identify(ws: Connection): string | undefined {
	const own = declared().push.identify;
	const id = own ? atOnce('identify of live.configurePush', own(ws)) : identityOf(userOf(ws));
	return id === null || id === undefined ? undefined : String(id);
}
