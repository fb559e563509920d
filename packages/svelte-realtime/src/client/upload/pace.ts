import type { LiveClient } from '../live-client.ts';

/** Bytes in the socket's buffer over which nothing more is sent, and under which it goes on. */
const HIGH_WATER = 4 * 1024 * 1024;
const LOW_WATER = 1024 * 1024;
const POLL_MS = 50;

/** Holds an upload back until it may go on. The socket does not say when its buffer empties, so that is looked at again and again. */
export class Pace {
	readonly #live: Pick<LiveClient, 'client' | 'clock' | 'upload'>;
	/** Whether the socket's buffer was full, and has not emptied much since. */
	#isCongested = false;
	#wake: (() => void) | undefined;

	constructor(live: Pick<LiveClient, 'client' | 'clock' | 'upload'>) {
		this.#live = live;
	}

	/** Whether the socket is open and takes more. */
	hasRoom(): boolean {
		const { client, upload } = this.#live;
		const { highWaterMark = HIGH_WATER, lowWaterMark = LOW_WATER } = upload();
		const isFull = client.bufferedAmount > (this.#isCongested ? lowWaterMark : highWaterMark);
		this.#isCongested = client.connected && isFull;
		return client.connected && !isFull;
	}

	/** Resolves once something is so; it is looked at when somebody wakes, and while the socket is full. */
	async until(condition: () => boolean): Promise<void> {
		while (!condition()) {
			let stop: (() => void) | undefined;
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				if (this.#isCongested) stop = this.#live.clock.after(POLL_MS, resolve);
			});
			stop?.();
		}
	}

	/** Something may be so now. */
	wake(): void {
		this.#wake?.();
	}
}
