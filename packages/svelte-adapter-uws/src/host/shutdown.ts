import type { Clock } from '../contract/clock.ts';
import type { Log } from '../contract/log.ts';

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
		using timer = new Timer(clock, Math.max(0, end - clock.now()));
		try {
			const finished = await Promise.race([run().then(() => true), timer.expired.then(() => false)]);
			if (!finished) log.warn(`${name} took longer than SHUTDOWN_TIMEOUT; going on without it`);
		} catch (error) {
			log.error(`${name} failed; going on`, error);
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

class Timer implements Disposable {
	readonly expired: Promise<void>;
	#timer: Disposable | undefined;

	constructor(clock: Clock, ms: number) {
		this.expired = new Promise((resolve) => (this.#timer = clock.after(ms, resolve)));
	}

	[Symbol.dispose](): void {
		this.#timer?.[Symbol.dispose]();
	}
}

/** Calls `shut` on the first SIGTERM or SIGINT and exits with 0 after it; a second signal exits at once. */
export function onSignal(shut: (reason: string) => Promise<void>): void {
	let shutting = false;
	const handle = (signal: NodeJS.Signals): void => {
		if (shutting) process.exit(1);
		shutting = true;
		// An unreferenced timer may be all there is to wait for.
		const alive = setInterval(() => {}, 1 << 30);
		void shut(signal).finally(() => {
			clearInterval(alive);
			process.exit(0);
		});
	};
	process.on('SIGTERM', handle).on('SIGINT', handle);
}
