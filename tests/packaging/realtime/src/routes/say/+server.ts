import { text } from '@sveltejs/kit';
import { publish } from 'svelte-realtime/server';

/** Publishes from outside of any call; gives the process that did. */
export const GET = ({ url }: { url: URL }): Response => {
	publish('board', 'created', { id: Number(url.searchParams.get('id')), secret: 'not for clients' });
	return text(String(process.pid));
};
