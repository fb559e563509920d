import { json } from '@sveltejs/kit';

/** What the name `Response` means to the modules of a built app. */
export const GET = async ({ fetch, url }: { fetch: typeof globalThis.fetch; url: URL }): Promise<Response> => {
	const whole = new Response('text');
	return json({
		own: Response !== globalThis.Response,
		name: Response.name,
		isOne: whole instanceof globalThis.Response,
		fetched: (await fetch(new URL('/words.txt', url))) instanceof Response,
		text: await whole.clone().text()
	});
};
