import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Running } from 'conformance/running';
import { within } from 'conformance/within';
import { originOf, start } from './project.ts';
import { visit } from './serve.ts';

describe.each(['uws', 'node'])('the built app on %s', (transport) => {
	let server: Running;
	let origin: string;
	beforeAll(async () => {
		server = start({ TRANSPORT: transport });
		origin = await originOf(server);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	const post = (path: string, body: string, type = 'text/plain; x') =>
		fetch(origin + path, { method: 'POST', body, headers: { origin, 'content-type': type } });

	async function* chunks(response: Response): AsyncGenerator<string> {
		for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) yield chunk;
	}
	async function until(parts: AsyncGenerator<string>, wanted: string): Promise<string> {
		let text = '';
		while (!text.includes(wanted)) {
			const { done, value } = await within(parts.next(), () => `${wanted} does not come after:\n${text}`);
			if (done) throw new Error(`Ended before ${wanted}:\n${text}`);
			text += value;
		}
		return text;
	}

	it('sends a page before its late part is there', async () => {
		const response = await fetch(`${origin}/stream?name=page`);
		const parts = chunks(response);
		expect(await until(parts, '</html>')).toContain('here at once');
		await post('/stream?name=page', 'text=at+last', 'application/x-www-form-urlencoded');
		await until(parts, 'at last');
	});

	it('compresses a page for whoever brings no secrets, and knows it again by its tag', async () => {
		const get = (headers: Readonly<Record<string, string>>) =>
			fetch(`${origin}/`, { headers: { 'accept-encoding': 'br', ...headers } });
		const page = await get({});
		expect([page.headers.get('content-encoding'), page.headers.get('vary')]).toEqual(['br', 'Accept-Encoding']);
		expect(await page.text()).toContain('</html>');
		const plain = await get({ cookie: 'a=1' });
		expect([plain.headers.get('content-encoding'), page.headers.get('etag')]).toEqual([null, `W/${plain.headers.get('etag')}`]);
		expect((await get({ 'if-none-match': page.headers.get('etag')! })).status).toBe(304);
	});

	it('sends each server-sent event as it comes', async () => {
		const response = await fetch(`${origin}/events?name=sse`);
		expect(response.headers.get('content-type')).toBe('text/event-stream');
		const parts = chunks(response);
		await until(parts, 'data: first\n\n');
		await post('/events?name=sse', 'second');
		await until(parts, 'data: second\n\n');
		expect((await parts.next()).done).toBe(true);
	});

	it('tells the app that a client has left', async () => {
		const leaving = new AbortController();
		const response = await fetch(`${origin}/events?name=leave`, { signal: leaving.signal });
		await until(chunks(response), 'first');
		leaving.abort();
		expect(await (await fetch(`${origin}/events?name=leave`, { method: 'DELETE', headers: { origin } })).text()).toBe('left');
	});

	it('hides why a route failed', async () => {
		const response = await fetch(`${origin}/fail`);
		expect(response.status).toBe(500);
		expect(await response.text()).not.toContain('asked to');
	});

	it('keeps several cookies apart, and reads those that come back', async () => {
		const first = await fetch(`${origin}/info`);
		expect(first.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0])).toEqual(['visits=1', 'another=one']);
		const second = await fetch(`${origin}/info`, { headers: { cookie: 'visits=1' } });
		expect(await second.json()).toMatchObject({ visits: 2, asset: 'read at run time\n' });
	});

	it('serves files whose names need encoding', async () => {
		expect(await (await fetch(`${origin}/two%20words.txt`)).text()).toBe('a name with a space\n');
	});

	it('ran init before it was ready, and shows what every hook has seen', async () => {
		const life = async () => ((await (await fetch(`${origin}/info`)).json()) as { life: Record<string, number> }).life;
		const before = await life();
		expect(before.started).toBe(1);
		await using client = await visit(origin);
		await client.subscribe('notes');
		client.send('{"type":"unsubscribe","topic":"notes"}');
		await vi.waitFor(async () =>
			expect(await life()).toMatchObject({ opened: before.opened! + 1, unsubscribed: before.unsubscribed! + 1 })
		);
		await post('/publish', JSON.stringify({ how: 'publish', messages: [{ topic: 'notes', event: 'created', data: 1 }] }));
		expect((await life()).notes).toBe(before.notes! + 1);
	});

	it.each(['publish', 'batch', 'batched', 'topic', 'sendTo'])('reaches clients by %s', async (how) => {
		await using client = await visit(origin, '?user=ada');
		await client.subscribe(`ways ${how}`);
		await post('/publish', JSON.stringify({ how, messages: [1, 2].map((data) => ({ topic: `ways ${how}`, event: 'e', data })) }));
		expect([await client.event(`ways ${how}`), await client.event(`ways ${how}`)]).toEqual([1, 2]);
	});

	it('ends after the answers under way, the hooks and the app, with 0', async () => {
		const response = await fetch(`${origin}/events?name=end`);
		const parts = chunks(response);
		await until(parts, 'first');
		await using client = await visit(origin);
		server.child.kill('SIGTERM');
		expect(await client.closed).toMatchObject({ code: 1012 });
		await server.said(/hooks shut down/);
		expect(server.output).not.toContain('app shut down');
		await parts.return(undefined);
		expect(await server.exited).toBe(0);
		expect(server.output).toContain('app shut down: SIGTERM');
	});
});
