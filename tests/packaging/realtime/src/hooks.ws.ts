import { realtime } from 'svelte-realtime/server';
import { createHubBus } from './hub.ts';

const { HUB } = process.env;
export const { init, shutdown, open, message, unsubscribe, close } = realtime(HUB ? { bus: createHubBus(Number(HUB)) } : {});
