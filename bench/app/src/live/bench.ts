import { guard, live } from 'svelte-realtime/server';

/** Every client of the bench has a user. */
export const _guard = guard({ authenticated: true });

/** The least a handler can do. */
export const add = live((_ctx, text: string) => ({ id: 5, text, done: false }));
