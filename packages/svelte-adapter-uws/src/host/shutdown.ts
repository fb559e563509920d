import type { Clock } from '../contract/clock.ts';
import type { Log } from '../contract/log.ts';
import { TimeoutError, within } from '../core/within.ts';

/** What a graceful end consists of. */
export interface ShutdownParts {
	/** The health check answers 503 from now on. */
	readonly announce: () => void;
	/** Milliseconds to go on serving after the announcement, so that load balancers notice. */
	readonly delayMs: number;
	/** Runs the `shutdown` hook, stops accepting and closes every socket. */
	readonly drain: () => Promise<void>;
	/** Resolves when no HTTP answer is under way. */
	readonly idle: () => Promise<void>;
	/** Milliseconds for everything after the delay. */
	readonly timeoutMs: number;
	/** Releases the port and drops what is left. */
	readonly dispose: () => Promise<void>;
	readonly clock: Clock;
	readonly log: Log;
}

const EVENT = 'sveltekit:shutdown';

/**
 * Ends a server in order: announce, delay, drain, wait for answers under way, tell the app (`process.on('sveltekit:shutdown')`, whose
 * promises are awaited), release. Whatever fails is logged and the rest goes on; all but the delay has `timeoutMs` together.
 */
export async function shutDown(reason: string, parts: ShutdownParts): Promise<void> {
	const { clock, log } = parts;
	log.info(`Shutting down: ${reason}`);
	parts.announce();
	if (parts.delayMs > 0) await new Promise<void>((resolve) => clock.after(parts.delayMs, resolve));

	const end = clock.now() + parts.timeoutMs;
	const step = async (name: string, run: () => Promise<unknown>): Promise<void> => {
		try {
			await within(clock, Math.max(1, end - clock.now()), run());
		} catch (error) {
			if (error instanceof TimeoutError) log.warn(`${name} took longer than SHUTDOWN_TIMEOUT; going on without it`);
			else log.error(`${name} failed; going on`, error);
		}
	};
	await step('Closing the WebSockets', parts.drain);
	await step('Waiting for answers under way', parts.idle);
	await step(`A ${EVENT} listener`, () => tellApp(reason, log));
	await step('Releasing the port', parts.dispose);
}

/** As `process.emit`, but a listener's promise is awaited and a listener that throws does not keep the others from hearing. */
async function tellApp(reason: string, log: Log): Promise<void> {
	const listeners = process.rawListeners(EVENT) as ((reason: string) => unknown)[];
	await Promise.all(
		listeners.map(async (listener) => {
			try {
				await listener.call(process, reason);
			} catch (error) {
				log.error(`A ${EVENT} listener failed`, error);
			}
		})
	);
}

/** Ends the process for a reason. */
export type End = (reason: string) => void;

/**
 * Milliseconds in which a signal that comes again is still the same one: terminals and service managers send it to a whole group of
 * processes, and npm passes on the one that it gets itself.
 */
const ECHO_MS = 1000;

/** Ends the process with 0 once `shut` has finished. Asked once more, a second later or after that, it ends the process at once, with 1. */
export function createEnd(clock: Clock, shut: (reason: string) => Promise<void>): End {
	let asked: number | undefined;
	return (reason) => {
		if (asked !== undefined) {
			if (clock.now() - asked >= ECHO_MS) process.exit(1);
			return;
		}
		asked = clock.now();
		// An unreferenced timer may be all there is to wait for.
		const alive = setInterval(() => {}, 1 << 30);
		void shut(reason).finally(() => {
			clearInterval(alive);
			process.exit(0);
		});
	};
}

/** Ends on SIGTERM and SIGINT. */
export function onSignals(end: End): void {
	process.on('SIGTERM', end).on('SIGINT', end);
}

/** What tells whether anybody needs a server. */
export interface Idleness {
	/** Milliseconds. */
	readonly ms: number;
	/** Requests so far. */
	readonly requests: () => number;
	/** Whether an answer is under way or a socket open. */
	readonly isBusy: () => boolean;
}

/** Ends with `IDLE` when nothing has happened for `ms`, and at most twice that later. */
export function endWhenIdle(end: End, clock: Clock, { ms, requests, isBusy }: Idleness): void {
	const seen = requests();
	clock.after(ms, () => {
		if (requests() === seen && !isBusy()) end('IDLE');
		else endWhenIdle(end, clock, { ms, requests, isBusy });
	});
}
