import type { Clock, Connection, Platform } from 'svelte-adapter-uws/contract';
import type { ClusterBus } from './relay.ts';

/** Milliseconds that a server waits for its bus before it serves without. */
const PATIENCE_MS = 5_000;
/** Milliseconds before the second attempt, doubled for each one after, and at most. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

export interface BusStart extends Disposable {
	/** Resolves with the first attempt, however it ends, or when the server has waited long enough. */
	readonly tried: Promise<void>;
}

/** Starts a bus, and tries again while it fails. `failed` hears each failure. */
export function startBus(
	bus: ClusterBus,
	platform: Platform,
	{ failed, after = wait }: { readonly failed: (error: unknown) => void; readonly after?: Clock['after'] }
): BusStart {
	const { promise: tried, resolve } = Promise.withResolvers<void>();
	let isOver = false;
	let timer = after(PATIENCE_MS, resolve);
	const patience = timer;
	const attempt = async (pause: number): Promise<void> => {
		try {
			await bus.activate?.(platform);
		} catch (error) {
			failed(error);
			if (!isOver) timer = after(pause, () => void attempt(Math.min(pause * 2, MAX_PAUSE_MS)));
		}
		patience[Symbol.dispose]();
		resolve();
	};
	void attempt(PAUSE_MS);
	return {
		tried,
		[Symbol.dispose]() {
			isOver = true;
			patience[Symbol.dispose]();
			timer[Symbol.dispose]();
			resolve();
		}
	};
}

/** Lets the bus know of a connection. What it throws, or rejects with, is reported. */
export async function introduce(
	bus: ClusterBus,
	ws: Connection,
	platform: Platform,
	failed: (error: unknown) => void
): Promise<void> {
	try {
		await bus.hooks?.open?.(ws, { platform });
	} catch (error) {
		failed(error);
	}
}

function wait(ms: number, run: () => void): Disposable {
	const timer = setTimeout(run, ms).unref();
	return { [Symbol.dispose]: () => clearTimeout(timer) };
}
