import type { Authenticator } from '../contract/authenticator.ts';
import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { ResolvedPressureOptions } from '../contract/options.ts';
import type { Peers } from '../contract/peers.ts';
import type { Platform } from '../contract/platform.ts';
import type { Stores } from '../contract/stores.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Listener, SocketHandler, UpgradeRequest } from '../contract/transport.ts';
import type { Memory } from './pressure.ts';
import type { AdmissionOptions } from './admission.ts';

/** Whose handshakes are accepted. `expectedOrigin` is what same-origin means for one request; `undefined` = cannot tell. */
export interface OriginPolicy {
	readonly allowed: 'same-origin' | '*' | readonly string[];
	readonly expectedOrigin: (request: UpgradeRequest) => string | undefined;
}

/** What the core must know of the configuration. Every value was validated before. */
export interface ServerOptions {
	readonly origin: OriginPolicy;
	/** The client's address by the proxy rules; falls back to the socket address. */
	readonly clientAddress: (request: UpgradeRequest) => string;
	readonly maxPayloadLength: number;
	/** Whether `authenticate` is for pages of the app alone. */
	readonly authenticateOwnPagesOnly: boolean;
	/** Milliseconds that an `upgrade` or `authenticate` hook may take; 0 = no limit. */
	readonly upgradeTimeoutMs: number;
	/** Handshakes that one client address may begin in a window; 0 = no limit. */
	readonly upgradeRate: { readonly limit: number; readonly windowMs: number };
	readonly admission: AdmissionOptions;
	/** Milliseconds that a `subscribe`, `subscribeBatch` or `resume` hook may take; 0 = no limit. */
	readonly hookTimeoutMs: number;
	/** Milliseconds that a client has for its reply to a request which names no time; absent = 5,000. */
	readonly requestTimeoutMs?: number | undefined;
	/** Milliseconds that `drain` waits for a `shutdown` hook before it goes on without it; absent or 0 = no limit. */
	readonly shutdownTimeoutMs?: number | undefined;
	readonly allowSystemTopicSubscribe: boolean;
	readonly allowNonAsciiTopics: boolean;
	/** A broken invariant throws where it is found; absent or false: it is counted and logged. */
	readonly throwsAssertions?: boolean;
}

/** Everything a server core needs; it imports none of it. */
export interface ServerParts {
	/** Starts listening with the core as the handler of its sockets. */
	readonly listen: (sockets: SocketHandler) => Promise<Listener>;
	readonly hooks: WebSocketHooks;
	readonly bus?: Bus | undefined;
	/** Absent = there is no other node to ask. */
	readonly peers?: Peers | undefined;
	readonly stores: Stores;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
	/** Absent = nobody looks at the load. */
	readonly pressure?: { readonly options: ResolvedPressureOptions; readonly memory: () => Memory } | undefined;
	readonly options: ServerOptions;
	/** A random id without dashes or other punctuation, at least 60 bits. */
	readonly randomId: () => string;
}

/** A running server: disposing it closes every socket with 1012 and stops listening. */
export interface ServerCore extends AsyncDisposable {
	readonly platform: Platform;
	readonly listener: Listener;
	readonly authentication: Authenticator;
	/** A platform for one HTTP request: same methods, own `requestId`. */
	platformFor(requestId: string): Platform;
	/**
	 * Takes other hooks from now on: `shutdown` of the old, `init` of the new, and every open socket is closed with 1012.
	 * A rejected `init` keeps the new hooks and rejects.
	 */
	replaceHooks(hooks: WebSocketHooks): Promise<void>;
	/** Runs the `shutdown` hook, stops accepting and closes every socket with 1012. Idempotent. */
	drain(): Promise<void>;
}
