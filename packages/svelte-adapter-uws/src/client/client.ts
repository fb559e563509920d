import type { Client, Denial, Failure, ServerRequest, Status } from '../contract/client.ts';
import { CAPS, encodeClientControl, type ServerControl } from '../protocol/control.ts';
import { createCell, type Cell } from './cell.ts';
import { createConnection } from './connection.ts';
import { currentEnvironment, pageUrl, type Environment } from './environment.ts';
import { createHub } from './guard.ts';
import { createInbox } from './inbox.ts';
import { createOutbox } from './outbox.ts';
import { createResumeState, type Positioned } from './resume.ts';
import { createSubscriptions } from './subscriptions.ts';

/** How to connect. */
export interface ConnectOptions {
	/** Full `ws://` or `wss://` address; takes precedence over `path`, and works without a page. */
	readonly url?: string;
	/** Path of the endpoint on the page's own host. Default `/ws`. */
	readonly path?: string;
	/** Milliseconds: about how long the first pause is; each that follows is 2.2 times as long. Default 3,000. */
	readonly reconnectInterval?: number;
	/** Milliseconds: about how long the longest pause is. Default 300,000. */
	readonly maxReconnectInterval?: number;
	/** Failed attempts in a row after which the client gives up. Default: never. */
	readonly maxReconnectAttempts?: number;
	/** UTF-16 units; a longer frame is dropped with a console error. Default 1,048,576. */
	readonly maxMessageLength?: number;
	/**
	 * Asks the server over HTTP before each attempt, so that it can set cookies: true = at `/__ws/auth`, or at a path of your own. An
	 * answer of 4xx other than 429 ends the connection for good. Default false.
	 */
	readonly auth?: boolean | string;
	/** Logs every change of state, every event and every dropped `send` with the prefix `[ws]`. Default false. */
	readonly debug?: boolean;
}

/** Options, and the parts that a test may replace. */
export type ClientOptions = ConnectOptions & Partial<Environment>;

/** The same, checked, and without what `readOptions` makes of them. */
export type CoreOptions = Omit<ClientOptions, 'auth' | 'debug'>;

/** A client without what a page need not load. */
export interface Core extends Omit<Client, 'ready'> {
	readonly status: Cell<Status>;
	/** `null` as well once `close()` was called, also after a failure. */
	readonly failure: Cell<Failure | null>;
	/** There is no address, so it will never connect. */
	readonly idle: boolean;
}

/** Silence after which a server that knows `ping` is asked; proxies often cut after 30 or 60 seconds. */
const PING_AFTER_MS = 25_000;
/** Silence after which any other server is asked: an idle one sends nothing for long. */
const PROBE_AFTER_MS = 150_000;
const PING = encodeClientControl({ type: 'ping' });
const DEFAULT_MAX_PAYLOAD = 16_384;

/** Creates a client and starts to connect; idle without `url` and without a page. */
export function createCore(options: CoreOptions = {}): Core {
	const parts = {
		...currentEnvironment(),
		url: pageUrl(options.path ?? '/ws'),
		reconnectInterval: 3000,
		maxReconnectInterval: 300_000,
		maxReconnectAttempts: Infinity,
		maxMessageLength: 1_048_576,
		...options
	};
	const { url, log } = parts;

	const denials = createCell<Denial | null>(null);
	const open = createHub<void>();
	const down = createHub<Parameters<Parameters<Client['onDown']>[0]>>();
	const outbox = createOutbox((message) => log.warn(message));
	const resume = createResumeState(parts.storage, `svelte-adapter-uws.session.${options.url ?? options.path ?? '/ws'}`);
	let caps: readonly string[] = [];
	let maxPayloadLength = DEFAULT_MAX_PAYLOAD;
	let answer: ((request: ServerRequest) => void) | undefined;
	// What each pong that is to come is waited for by, in the order of the pings.
	let pings: ((() => void) | undefined)[] = [];
	const ping = (then?: () => void): boolean => {
		const sent = caps.includes(CAPS.ping) && connection.send(PING);
		if (sent) pings.push(then);
		return sent;
	};

	const control = (frame: ServerControl): void => {
		switch (frame.type) {
			case 'welcome':
				caps = frame.caps;
				maxPayloadLength = frame.maxPayloadLength ?? DEFAULT_MAX_PAYLOAD;
				return resume.welcome(frame);
			case 'subscribed':
				note(frame);
				return subscriptions.accepted(frame.topic, caps.length > 0);
			case 'subscribe-denied': {
				const { ref, reason } = frame;
				const topic = String(frame.topic);
				subscriptions.denied(topic, ref);
				log.warn(`Subscribe denied: ${topic}, ${reason}`);
				denials.set({ topic, reason, ref });
				return;
			}
			case 'pong':
				return pings.shift()?.();
			case 'request':
				answer?.(frame);
		}
	};
	const note = (news: Positioned): void => {
		if (subscriptions.holds(news.topic)) resume.note(news);
	};
	const inbox = createInbox(control, note);
	const connection = createConnection({
		...parts,
		url: url!,
		probe() {
			if (caps.includes(CAPS.ping)) return { after: PING_AFTER_MS, send: ping };
			const frame = resume.probe();
			return frame === undefined ? undefined : { after: PROBE_AFTER_MS, send: () => connection.send(frame) };
		},
		opened() {
			caps = [];
			pings = [];
			connection.send(encodeClientControl({ type: 'hello', caps: [CAPS.batch, CAPS.epoch] }));
			resume.frames().forEach(connection.send);
			subscriptions.opened();
			open.emit();
			outbox.flush(connection.send);
		},
		received(data) {
			if (typeof data !== 'string') return;
			if (data.length > parts.maxMessageLength) log.error(`Dropped a frame of ${data.length} characters: over maxMessageLength.`);
			else inbox.receive(data);
		},
		down(failure, terminal) {
			if (terminal) outbox.clear();
			down.emit([failure, terminal]);
		}
	});
	const subscriptions = createSubscriptions(connection.send, resume.forget);

	if (url !== undefined) connection.start();
	return {
		idle: url === undefined,
		status: connection.status,
		failure: connection.failure,
		denials,
		get maxPayloadLength() {
			return maxPayloadLength;
		},
		get bufferedAmount() {
			return connection.bufferedAmount;
		},
		get connected() {
			return connection.live;
		},
		sendNow: connection.send,
		sendQueued(frame, onDropped) {
			// What waits goes first.
			if (!outbox.empty || !connection.send(frame)) outbox.push(frame, onDropped);
			if (connection.status.value === 'failed') outbox.clear();
		},
		listen: inbox.listen,
		tap: inbox.tap,
		subscribe: subscriptions.subscribe,
		release: subscriptions.release,
		sync(then) {
			if (!ping(then)) then();
		},
		answer(run) {
			answer = run;
			return () => void (answer === run && (answer = undefined));
		},
		onOpen: open.add,
		onDown: (run) => down.add((news) => run(...news)),
		close: connection.close
	};
}
