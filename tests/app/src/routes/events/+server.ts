import { gate } from '#lib/gate.ts';

/** Server-sent events: one at once, one when the gate opens. `?name=` tells several apart; a client that leaves is noticed. */
export const GET = ({ url, request }) => {
	const name = url.searchParams.get('name');
	const text = new TextEncoder();
	const body = new ReadableStream<Uint8Array>({
		async start(controller) {
			controller.enqueue(text.encode('data: first\n\n'));
			request.signal.addEventListener('abort', () => gate(`left ${name}`).resolve('left'), { once: true });
			const second = await gate(`events ${name}`).promise;
			if (request.signal.aborted) return;
			controller.enqueue(text.encode(`data: ${second}\n\n`));
			controller.close();
		}
	});
	return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
};

export const POST = async ({ url, request }) => {
	gate(`events ${url.searchParams.get('name')}`).resolve(await request.text());
	return new Response(null, { status: 204 });
};

/** Answers once the client of a stream has left. */
export const DELETE = async ({ url }) => new Response(await gate(`left ${url.searchParams.get('name')}`).promise);
