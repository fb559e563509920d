import type { SessionStore } from '../contract/store/session.ts';
import { Sessions, SharedSessions, type SessionOptions } from '../service/session/sessions.ts';
import { processParts } from './parts.ts';

export type { SessionOptions } from '../service/session/sessions.ts';

/** What belongs to tokens, in this process. */
export type Session<Data = unknown> = Pick<Sessions<Data>, keyof Sessions<Data>>;
/** The same over all workers. */
export type SharedSession<Data = unknown> = Pick<SharedSessions<Data>, keyof SharedSessions<Data>>;

/** Options of sessions that all workers share. */
export interface SharedSessionOptions extends Pick<SessionOptions, 'ttl'> {
	/** `platform.stores.session`, which also says how many are kept. */
	readonly store: SessionStore;
}

/**
 * Keeps data by token for as long as it is used. With `store` over all workers, and with promises. Throws for an option out of range.
 *
 * @example
 * const sessions = createSession<User>({ ttl: 30 * 60_000 });
 * sessions.set(token, user);
 */
export function createSession<Data = unknown>(options: SharedSessionOptions): SharedSession<Data>;
export function createSession<Data = unknown>(options: SessionOptions): Session<Data>;
export function createSession<Data = unknown>(
	options: SessionOptions | SharedSessionOptions
): Session<Data> | SharedSession<Data> {
	return 'store' in options
		? new SharedSessions<Data>(options)
		: new Sessions<Data>({ clock: processParts('session').clock, ...options });
}
