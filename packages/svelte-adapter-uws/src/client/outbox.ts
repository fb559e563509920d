import { guard } from './guard.ts';

/** Frames held while no socket is open. */
export const MAX_QUEUED_FRAMES = 1000;

/** Frames that wait for an open socket. */
export interface Outbox {
	readonly empty: boolean;
	/** Queues a frame. One too many, and the oldest is dropped. */
	push(frame: string | Uint8Array, onDropped?: () => void): void;
	/** Sends in order until `send` refuses; what it refused stays. */
	flush(send: (frame: string | Uint8Array) => boolean): void;
	/** Drops everything. */
	clear(): void;
}

/** Creates an empty queue. `warn` hears of each frame that had to make room. */
export function createOutbox(warn: (message: string) => void): Outbox {
	const frames: { readonly frame: string | Uint8Array; readonly onDropped: (() => void) | undefined }[] = [];
	const drop = (): void => {
		const { onDropped } = frames.shift()!;
		if (onDropped) guard(onDropped, undefined);
	};
	return {
		get empty() {
			return !frames[0];
		},
		push(frame, onDropped) {
			frames.push({ frame, onDropped });
			if (frames.length <= MAX_QUEUED_FRAMES) return;
			warn(`Send queue full: over ${MAX_QUEUED_FRAMES} frames, dropped the oldest.`);
			drop();
		},
		flush(send) {
			while (frames[0] && send(frames[0].frame)) frames.shift();
		},
		clear() {
			while (frames[0]) drop();
		}
	};
}
