import { guard, live } from 'svelte-realtime/server';

/** Everybody may do their worst here. */
export const _guard = guard(() => {});

const seen = { loads: 0 };

export const pid = live(() => process.pid);

/** Kept, so that those who were away get what they missed without loading it. */
export const crowd = live.stream(
	'crowd',
	() => {
		seen.loads++;
		return [] as { id: number }[];
	},
	{ replay: true }
);

export const loads = live(() => seen.loads);

/** Publishes so many rows. */
export const fill = live((ctx, from: number, count: number) => {
	for (let id = from; id < from + count; id++) ctx.publish('crowd', 'created', { id });
});

/** Where people are in and out. Its topic is a template, which shows that it owns no other topic of this app. */
export const yard = live.room({ topic: () => `fault-yard`, init: () => [], presence: () => ({}) });

/** Does nothing else for so many milliseconds. */
export const block = live((_ctx, ms: number) => {
	const end = performance.now() + ms;
	while (performance.now() < end);
	return 'over';
});

export const CRASHES = {
	'throws where nobody catches': () => void setImmediate(() => raise('nobody catches this')),
	'rejects where nobody catches': () => void Promise.reject(new Error('nobody catches this')),
	'exits by itself': () => process.exit(3),
	aborts: () => process.abort(),
	'has no memory left': () => {
		const hoard: number[][] = [];
		for (;;) hoard.push(Array.from({ length: 100_000 }, () => hoard.length));
	}
};

export const crash = live((_ctx, how: keyof typeof CRASHES) => CRASHES[how]());

function raise(message: string): never {
	throw new Error(message);
}
