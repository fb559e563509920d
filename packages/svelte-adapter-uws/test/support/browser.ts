import type { Client } from '../../src/contract/client.ts';
import type { ClientOptions } from '../../src/client/client.ts';
import { createClient } from '../../src/client/connect.ts';
import type { Environment, Page, WebSocketLike } from '../../src/client/environment.ts';
import { TestClock } from './clock.ts';
import { memoryLog } from './log.ts';

/** A browser's socket whose other end is the test. */
export class BrowserSocket implements WebSocketLike {
	readonly url: string;
	readyState = 0;
	bufferedAmount = 0;
	onopen: WebSocketLike['onopen'] = null;
	onmessage: WebSocketLike['onmessage'] = null;
	onclose: WebSocketLike['onclose'] = null;
	onerror: WebSocketLike['onerror'] = null;
	/** What the client sent and the test has not read. */
	readonly sent: (string | Uint8Array)[] = [];
	/** How the client closed it. */
	closed: { readonly code: number | undefined } | undefined;

	constructor(url: string) {
		this.url = url;
	}

	send(frame: string | Uint8Array): void {
		if (this.readyState === 0) throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
		if (this.readyState === 1) this.sent.push(frame);
	}

	close(code?: number): void {
		this.closed ??= { code };
		if (this.readyState < 2) this.readyState = 2;
	}

	/** The handshake succeeds. */
	open(): void {
		this.readyState = 1;
		this.onopen?.({ type: 'open' });
	}

	/** A frame comes in; objects as JSON. */
	receive(frame: unknown): void {
		this.onmessage?.({ data: typeof frame === 'string' || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame) });
	}

	/** The connection is over. */
	end(code = 1006, reason = ''): void {
		this.readyState = 3;
		this.onerror?.({ type: 'error' });
		this.onclose?.({ code, reason });
	}

	/** The text frames since the last call, parsed. */
	read(): any[] {
		return this.sent.splice(0).map((frame) => (typeof frame === 'string' ? JSON.parse(frame) : frame));
	}
}

/** A page in the hands of a test. */
export class TestPage implements Page {
	#visible = true;
	readonly listeners = new Set<(event: { readonly type: string }) => void>();

	visible(): boolean {
		return this.#visible;
	}

	listen(run: (event: { readonly type: string }) => void): () => void {
		this.listeners.add(run);
		return () => void this.listeners.delete(run);
	}

	show(visible: boolean): void {
		this.#visible = visible;
		for (const run of this.listeners) run({ type: 'visibilitychange' });
	}

	online(): void {
		for (const run of this.listeners) run({ type: 'online' });
	}
}

export interface Browser extends Environment {
	readonly clock: Environment['clock'];
	readonly time: TestClock;
	readonly page: TestPage;
	readonly log: ReturnType<typeof memoryLog>;
	readonly sockets: BrowserSocket[];
	/** The latest socket. */
	readonly socket: BrowserSocket;
	readonly stored: Map<string, string>;
	/** What `random` gives; in the middle nothing is added to or taken from a pause. */
	chance: number;
	/** The next attempt throws this instead of giving a socket. */
	refusal: unknown;
}

/** A browser without network: every part of the client's environment in the hands of a test. */
export function startBrowser(): Browser {
	const time = new TestClock();
	const sockets: BrowserSocket[] = [];
	const stored = new Map<string, string>();
	const browser: Browser = {
		time,
		sockets,
		stored,
		chance: 0.5,
		refusal: undefined,
		clock: {
			now: () => time.now(),
			after: (ms, run) => {
				const timer = time.after(ms, run);
				return () => timer[Symbol.dispose]();
			}
		},
		random: () => browser.chance,
		page: new TestPage(),
		log: memoryLog(),
		storage: { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => void stored.set(key, value) },
		get socket() {
			return sockets.at(-1)!;
		},
		openSocket: (url) => {
			const { refusal } = browser;
			browser.refusal = undefined;
			if (refusal !== undefined) throw refusal;
			const socket = new BrowserSocket(url);
			sockets.push(socket);
			return socket;
		}
	};
	return browser;
}

export const WELCOME = { type: 'welcome', sessionId: 's1', caps: ['ping', 'epoch'], ep: 'e1', maxPayloadLength: 9000 };

/** Options of a client in a fresh browser. */
export function browserOptions(browser: Browser): ClientOptions {
	const { openSocket, clock, random, page, log, storage } = browser;
	return { url: 'ws://host/ws', openSocket, clock, random, page, log, storage };
}

/** A client in a fresh browser, whose first attempt is running. */
export function startClient(options: ClientOptions = {}): { readonly browser: Browser; readonly client: Client } {
	const browser = startBrowser();
	return { browser, client: createClient({ ...browserOptions(browser), ...options }) };
}

/** The same, connected and welcomed. */
export function openClient(options: ClientOptions = {}): { readonly browser: Browser; readonly client: Client } {
	const started = startClient(options);
	started.browser.socket.open();
	started.browser.socket.receive(WELCOME);
	started.browser.socket.read();
	return started;
}

/** Lets the microtasks run. */
export const microtasks = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)));

/** The value of a store now. */
export function valueOf<T>(store: { subscribe(run: (value: T) => void): () => void }): T {
	let value!: T;
	store.subscribe((now) => (value = now))();
	return value;
}
