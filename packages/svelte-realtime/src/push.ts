import type { Connection } from 'svelte-adapter-uws/contract';
import { attachedTo } from './attached.ts';
import { declared } from './declared.ts';
import { newestPlatform } from './platforms.ts';
import type { PushOptions, PushTarget, RemoteRegistry } from './runtime/push/pushes.ts';
import { LiveError } from './shared/error.ts';

/** What `live.configurePush` takes. `null` takes a part back. */
export interface PushConfig {
	/** The id of a connection's user; nothing = not to be pushed to. Default: the user's `id`, `user_id` or `userId`. */
	readonly identify?: ((ws: Connection) => string | number | null | undefined) | null;
	/** Asked before the servers of this app's own stores; its `NOT_FOUND` or `OFFLINE` means that the user is not there. */
	readonly remoteRegistry?: RemoteRegistry | null;
}

/** Members of `live` that reach the pages of a user. The framework does not ask who may: check an id that came from a client. */
export interface PushMaker {
	/**
	 * Asks the page of a user, on whichever worker it is connected, and gives what its `onPush` handler returned; on the connection
	 * that opened last where there are several. Rejects with a `LiveError`: `VALIDATION`, `NOT_FOUND` for a user who is not
	 * connected, `TIMEOUT`, `CONNECTION_CLOSED`, `OVERLOADED`, and `REFUSED` with the message of a handler that threw.
	 * @example const { ok } = await live.push({ userId }, 'confirm', { op: 'delete' }, { timeoutMs: 30_000 });
	 */
	push<Reply = any>(target: PushTarget, event: string, data?: unknown, options?: PushOptions): Promise<Reply>;
	/** Tells the page of a user without waiting for an answer. Throws for bad arguments, and never rejects for anything else. */
	notify(target: PushTarget, event: string, data?: unknown): Promise<void>;
	/** Says how users are found. Call it while modules are imported, or in `init`; `null` takes everything back. Throws a TypeError. */
	configurePush(config: PushConfig | null): void;
}

const NOTIFY_MS = 1_000;

export const push: PushMaker['push'] = async (target, event, data, options = {}) => {
	check(target, event);
	if (typeof options !== 'object' || options === null) throw invalid('The options of a push are an object.');
	const { timeoutMs } = options;
	if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
		throw invalid('timeoutMs has to be milliseconds above 0.');
	const platform = newestPlatform();
	const runtime = platform && attachedTo(platform);
	if (!runtime)
		throw new Error(
			'[svelte-realtime] live.push() was called before the server has started. Push from handlers, requests or after init.'
		);
	return (await runtime.pushes.push(target.userId, event, data, options, declared().push.remoteRegistry)) as any;
};

export const notify: PushMaker['notify'] = (target, event, data) => {
	check(target, event);
	return push(target, event, data, { timeoutMs: NOTIFY_MS }).catch(() => {});
};

export const configurePush: PushMaker['configurePush'] = (config) => {
	const settings = declared().push;
	if (config === null) {
		delete settings.identify;
		delete settings.remoteRegistry;
		return;
	}
	const what = '[svelte-realtime] live.configurePush';
	if (typeof config !== 'object' || !('identify' in config || 'remoteRegistry' in config))
		throw new TypeError(`${what} takes { identify, remoteRegistry }, at least one of them, or null.`);
	const { identify: own, remoteRegistry: remote } = config;
	if (own !== undefined && own !== null && typeof own !== 'function')
		throw new TypeError(`${what}: identify has to be a function (ws) => id.`);
	if (remote !== undefined && remote !== null && typeof remote.request !== 'function')
		throw new TypeError(`${what}: remoteRegistry has to be an object with request(userId, event, data, options).`);
	if (own) settings.identify = own;
	else if (own === null) delete settings.identify;
	if (remote) settings.remoteRegistry = remote;
	else if (remote === null) delete settings.remoteRegistry;
};

function check(target: PushTarget, event: string): void {
	const isTarget = typeof target === 'object' && target !== null && Object.keys(target).every((name) => name === 'userId');
	if (!isTarget || typeof target.userId !== 'string' || target.userId === '')
		throw invalid('A push is for { userId }, which is a text, and nothing else.');
	if (typeof event !== 'string' || event === '') throw invalid('The event of a push is a text.');
}

const invalid = (message: string): LiveError => new LiveError('VALIDATION', message);
