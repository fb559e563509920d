import type { Failure, Status } from '../contract/client.ts';
import { classifyCloseCode, isGoingAway, type CloseClass } from '../protocol/close-codes.ts';
import { retryHint } from '../protocol/retry-hint.ts';
import { nextReconnectDelay } from './backoff.ts';
import { createCell, type Cell } from './cell.ts';
import type { Environment, SocketEnd, WebSocketLike } from './environment.ts';

/** A connection that has been open for so long is taken for a good one: the next loss starts with the shortest delay. */
const STABLE_MS = 10_000;
/** A server that said it goes away is expected back: so many attempts come within this time each, and count as one. */
const RESTART_MS = 1000;
const RESTART_ATTEMPTS = 3;
/** A throttled client goes on as if it had failed so often. */
const THROTTLED_ATTEMPT = 5;
/** Longest time from an attempt to its open socket. */
const OPEN_MS = 20_000;
/** Longest time from a probe to any sign of life. */
const GRACE_MS = 10_000;
/** How often to look when there is nothing to probe with. */
const LOOK_MS = 25_000;

/** How to find out whether a silent server still lives. */
export interface Probe {
	/** Milliseconds of silence after which to ask. */
	readonly after: number;
	readonly send: () => unknown;
}

/** What a connection needs of the client above and of the world around. */
export interface ConnectionParts extends Pick<Environment, 'openSocket' | 'clock' | 'random' | 'page'> {
	readonly url: string;
	readonly reconnectInterval: number;
	readonly maxReconnectInterval: number;
	readonly maxReconnectAttempts: number;
	/** `undefined` while no probe is known that the server would answer. */
	readonly probe: () => Probe | undefined;
	readonly opened: () => void;
	readonly received: (data: unknown) => void;
	/** An open socket was lost, or (`terminal`, exactly once) no attempt will be made any more. */
	readonly down: (failure: Failure | null, terminal: boolean) => void;
}

/** One endpoint, whatever happens to the sockets below. */
export interface Connection {
	readonly status: Cell<Status>;
	readonly failure: Cell<Failure | null>;
	readonly live: boolean;
	readonly bufferedAmount: number;
	/** Makes the first attempt. */
	start(): void;
	/** False when there is no open socket. */
	send(frame: string | Uint8Array): boolean;
	close(): void;
}

/** Creates the state machine of a connection; `start` sets it going. */
export function createConnection(parts: ConnectionParts): Connection {
	const { clock, page, random } = parts;
	const status = createCell<Status>('disconnected');
	const failure = createCell<Failure | null>(null);
	let stopRetry = idle;
	let stopWatch = idle;
	let stopStable = idle;
	let unlisten = idle;
	let socket: WebSocketLike | undefined;
	let live = false;
	let ended = false;
	// Failed attempts since the last stable connection.
	let attempt = 0;
	// What is left of the attempts that wait for a restarting server.
	let quick = 0;
	let heard = 0;
	// Nothing came since it was asked: two frames may come at the same time of the clock.
	let silent = false;

	const attemptNow = (): void => {
		stopRetry();
		if (ended || socket) return;
		status.set('connecting');
		if (ended || socket) return;
		try {
			socket = parts.openSocket(parts.url);
		} catch (error) {
			return lost({ code: 1006, reason: String(error) });
		}
		socket.onopen = opened;
		socket.onmessage = ({ data }) => {
			heard = clock.now();
			silent = false;
			parts.received(data);
		};
		socket.onclose = lost;
		// The close that always follows says all there is to say.
		socket.onerror = idle;
		stopWatch = clock.after(OPEN_MS, () => abandon('No answer to the handshake'));
	};

	const opened = (): void => {
		live = true;
		heard = clock.now();
		stopWatch();
		stopStable = clock.after(STABLE_MS, () => void (attempt = quick = 0));
		watch();
		failure.set(null);
		if (live) parts.opened();
		show();
	};

	const show = (): void => {
		if (live) status.set(!page || page.visible() ? 'open' : 'suspended');
	};

	const watch = (now = false): void => {
		stopWatch();
		const probe = parts.probe();
		// The clock of a device may be put back.
		heard = Math.min(heard, clock.now());
		const left = (probe?.after ?? LOOK_MS) - (clock.now() - heard);
		if (!probe || (left > 0 && !now)) {
			stopWatch = clock.after(left > 0 ? left : LOOK_MS, watch);
			return;
		}
		silent = true;
		probe.send();
		stopWatch = clock.after(GRACE_MS, () => (silent ? abandon('No answer') : watch()));
	};

	/** A close handshake with a peer that is gone would take as long as the browser likes. */
	const abandon = (reason: string): void => {
		const old = socket;
		lost({ code: 1006, reason });
		old?.close();
	};

	/** Lets go of the socket: what it still has to say does not count. */
	const settle = (): boolean => {
		const was = live;
		if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
		socket = undefined;
		live = false;
		stopWatch();
		stopStable();
		return was;
	};

	const delay = (code: number, kind: CloseClass, hint: number | undefined): number => {
		if (kind === 'THROTTLE') {
			attempt = Math.max(attempt, THROTTLED_ATTEMPT);
			quick = 0;
		} else if (isGoingAway(code) && attempt === 0) {
			attempt = 1;
			quick = RESTART_ATTEMPTS;
		}
		if (quick-- > 0) return Math.min(hint ?? random() * RESTART_MS, parts.maxReconnectInterval);
		return nextReconnectDelay(parts.reconnectInterval, parts.maxReconnectInterval, attempt++, random);
	};

	const lost = ({ code, reason, failure: given }: SocketEnd): void => {
		const was = settle();
		const kind = classifyCloseCode(code);
		const exhausted = attempt >= parts.maxReconnectAttempts;
		const problem: Failure = given ?? {
			kind: 'ws-close',
			class: kind !== 'TERMINAL' && exhausted ? 'EXHAUSTED' : kind,
			code,
			reason
		};
		if (exhausted || kind === 'TERMINAL') return end(problem);
		stopRetry = clock.after(delay(code, kind, retryHint(reason)), attemptNow);
		failure.set(problem);
		if (!ended && !live) status.set('disconnected');
		if (!ended && was) parts.down(problem, false);
	};

	const end = (problem: Failure | null): void => {
		failure.set(problem);
		if (ended) return;
		ended = true;
		const old = socket;
		settle();
		stopRetry();
		unlisten();
		old?.close(1000);
		status.set('failed');
		parts.down(problem, true);
	};

	/** Somebody looks at the page again, or the network is back: nothing speaks for waiting any longer. */
	const wake = (network: boolean): void => {
		if (live) return watch(network);
		attempt = quick = 0;
		attemptNow();
	};

	const send = (frame: string | Uint8Array): boolean => {
		if (!live || socket?.readyState !== 1) return false;
		socket.send(frame);
		return true;
	};

	return {
		status,
		failure,
		get live() {
			return live;
		},
		get bufferedAmount() {
			return socket?.bufferedAmount ?? 0;
		},
		start() {
			if (page) {
				unlisten = page.listen(({ type }) => {
					show();
					if (type === 'online' || page.visible()) wake(type === 'online');
				});
			}
			attemptNow();
		},
		send,
		close: () => end(null)
	};
}

function idle(): void {}
