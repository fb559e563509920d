import type { Failure } from '../contract/client.ts';

/** How a socket ended. `failure` = what to say about it, where the code does not tell. */
export interface SocketEnd {
	readonly code: number;
	readonly reason: string;
	readonly failure?: Failure;
}

/** What the client uses of a WebSocket. */
export interface WebSocketLike {
	/** 1 = open. */
	readonly readyState: number;
	readonly bufferedAmount: number;
	onopen: ((event: any) => void) | null;
	onmessage: ((event: any) => void) | null;
	onclose: ((event: any) => void) | null;
	onerror: ((event: any) => void) | null;
	send(frame: any): void;
	close(code?: number, reason?: string): void;
}

/** Time as the client needs it. Stopping is a function, because not every browser knows `Symbol.dispose`. */
export interface ClientClock {
	/** Milliseconds; goes on while the device sleeps. */
	now(): number;
	/** Runs `run` once after `ms` milliseconds, unless stopped before. */
	after(ms: number, run: () => void): () => void;
}

/** The page around the client. */
export interface Page {
	visible(): boolean;
	/** Calls `run` when the page was hidden or shown, and with an event of type `online` when the network is back. */
	listen(run: (event: { readonly type: string }) => void): () => void;
}

/** Everything that the client does not do itself. */
export interface Environment {
	/** May throw, for example on an address that is none; that counts as a failed attempt. */
	openSocket(url: string): WebSocketLike;
	readonly clock: ClientClock;
	/** 0 up to, but without, 1. */
	readonly random: () => number;
	/** `undefined` outside browsers: such a client is always visible. */
	readonly page: Page | undefined;
	/** May throw at any use. */
	readonly storage: Pick<Storage, 'getItem' | 'setItem'> | undefined;
	readonly log: {
		debug(message: string, details?: unknown): void;
		warn(message: string, details?: unknown): void;
		error(message: string, details?: unknown): void;
	};
}

/** Timers that are set to more run at once. */
export const LONGEST_TIMEOUT = 2_147_483_647;

/** The environment of the browser, or of whatever else has a global `WebSocket`. */
export function currentEnvironment(): Environment {
	return {
		openSocket: (url) => new WebSocket(url),
		clock: {
			now: Date.now,
			after(ms, run) {
				const timer = setTimeout(run, ms);
				return () => clearTimeout(timer);
			}
		},
		random: Math.random,
		page: typeof document === 'undefined' ? undefined : { visible: () => !document.hidden, listen },
		storage: attempt(() => document && sessionStorage),
		log: console
	};
}

/** Address of the endpoint at `path` of the server that the page came from; `undefined` where there is no page. */
export function pageUrl(path: string): string | undefined {
	if (typeof location === 'undefined' || !location.host) return undefined;
	return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
}

function listen(run: (event: Event) => void): () => void {
	const stop = new AbortController();
	document.addEventListener('visibilitychange', run, stop);
	addEventListener('online', run, stop);
	return () => stop.abort();
}

/** What `run` gives; `undefined` when it throws, as every use of storage may where the user forbids it. */
export function attempt<T>(run: () => T): T | undefined {
	try {
		return run();
	} catch {
		return undefined;
	}
}
