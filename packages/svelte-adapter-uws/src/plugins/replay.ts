import { ReplayBuffer as Buffer, type ReplayOptions } from '../service/replay/buffer.ts';
import { SharedReplay, type SharedReplayOptions } from '../service/replay/shared.ts';
import { processParts } from './parts.ts';

export type { ReplayOptions } from '../service/replay/buffer.ts';
export type { BufferedMessage, ReplayHooks, ReplayMode, Since } from '../service/replay/serve.ts';
export type { SharedReplayOptions } from '../service/replay/shared.ts';

/** The newest events of topics, in this process. */
export type ReplayBuffer = Pick<Buffer, keyof Buffer>;

/** The same over all workers: what has to be asked gives a promise. */
export type SharedReplayBuffer = Pick<SharedReplay, keyof SharedReplay>;

/**
 * Keeps the newest events of topics, so that clients get what they missed: the browser half `onReplay`, and with `hooks.resume` every
 * store of a topic. Publish through it what is to be kept. Throws a RangeError for an option out of range.
 *
 * @example
 * export const replay = createReplay({ size: 500 });
 * export const { message, resume } = replay.hooks;
 * // where something happens
 * replay.publish(platform, 'chat', 'created', message);
 */
export function createReplay(options: SharedReplayOptions): SharedReplayBuffer;
export function createReplay(options?: ReplayOptions): ReplayBuffer;
export function createReplay(options: ReplayOptions | SharedReplayOptions = {}): ReplayBuffer | SharedReplayBuffer {
	const { clock, onError } = processParts('replay');
	return 'store' in options ? new SharedReplay({ onError, ...options }) : new Buffer({ clock, onError, ...options });
}
