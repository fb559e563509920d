import { realtime } from 'svelte-realtime/server';
import { createHubBus } from './hub.ts';

const { HUB } = process.env;
export const { init, shutdown, open, message, unsubscribe, close } = realtime(HUB ? { bus: createHubBus(Number(HUB)) } : {});

/** Whoever says so is the user of that name. */
export const upgrade = ({ url }: { readonly url: string }): { id: string } | undefined => {
	const id = new URL(url, 'http://localhost').searchParams.get('user');
	return id ? { id } : undefined;
};
