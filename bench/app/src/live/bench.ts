import { guard, live, type SafeParse } from 'svelte-realtime/server';

/** Every client of the bench has a user. */
export const _guard = guard({ authenticated: true });

/** The least a handler can do. */
export const add = live((_ctx, text: string) => ({ id: 5, text, done: false }));

/** A schema that costs as little as one can. */
const text: SafeParse<string> = {
	safeParse: (input) => (typeof input === 'string' ? { success: true, data: input } : { success: false })
};

/** The same as an app would have it: checked and limited, behind the guard. */
export const addChecked = live.rateLimit(
	{ points: 1e12, window: 60_000 },
	live.validated(text, (_ctx, input) => ({ id: 5, text: input, done: false }))
);
