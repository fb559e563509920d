import { realtime } from 'svelte-realtime/server';

export const { init, shutdown, open, message, unsubscribe, close } = realtime();
