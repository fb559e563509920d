import { expect, vi } from 'vitest';
import { exchange, RawClient, request } from './client.ts';
import { controlled } from './controlled.ts';
import { pattern, type HttpLaw } from './fixture.ts';

/** What the app is asked, and how its answers are written. */
export function appLaws(law: HttpLaw): void {
	law('hands the request to the app as it was sent', async ({ port, serve }) => {
		serve((incoming) =>
			Response.json([incoming.method, incoming.url, incoming.headers.get('x'), incoming.headers.get('cookie'), incoming.body])
		);
		const { body } = await exchange(port, request('QUERY /a%20b//c?d=%zz&e', ['X: 1', 'X: 2', 'Cookie: a=1']));
		expect(JSON.parse(body.toString())).toEqual(['QUERY', 'http://a.example/a%20b//c?d=%zz&e', '1, 2', 'a=1', null]);
	});

	law('writes status, every header line and nosniff', async ({ port, serve }) => {
		serve(
			() =>
				new Response('made', {
					status: 201,
					headers: [
						['set-cookie', 'a=1, still a'],
						['set-cookie', 'b=2'],
						['x-text', 'h\u00e9'],
						['content-type', 'text/x']
					]
				})
		);
		const response = await exchange(port, request('POST /'));
		expect([
			response.status,
			response.body.toString(),
			response.header('x-text'),
			response.header('content-type'),
			response.header('x-content-type-options')
		]).toEqual([201, 'made', 'h\u00e9', 'text/x', 'nosniff']);
		expect(response.lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value)).toEqual(['a=1, still a', 'b=2']);
	});

	law('announces the length of a body that is known at once', async ({ port, serve }) => {
		for (const make of [
			() => new Response('text'),
			() => Response.json('te'),
			() => new Response('text', { headers: { 'content-length': '4' } })
		]) {
			serve(make);
			const response = await exchange(port, request('GET /'));
			expect([response.header('content-length'), response.body.length]).toEqual(['4', 4]);
		}
		serve(() => new Response(''));
		expect((await exchange(port, request('GET /'))).header('content-length')).toBe('0');
	});

	law('writes no body where there is none, and goes on with the connection', async ({ port, serve }) => {
		const client = await RawClient.open(port);
		for (const [status, body] of [
			[204, null],
			[304, null],
			[303, null],
			[200, null]
		] as const) {
			serve(() => new Response(body, { status }));
			await client.send(request('GET /'));
			const response = await client.response();
			expect([response.status, response.body.length, response.header('transfer-encoding')]).toEqual([status, 0, undefined]);
			expect(response.header('content-length')).toBe(status === 204 || status === 304 ? undefined : '0');
		}
		expect(client.pending).toBe(0);
		client.drop();
	});

	law('answers HEAD with the length that the app says, and without its body', async ({ port, serve }) => {
		const body = controlled();
		serve(() => new Response(body.stream, { headers: { 'content-length': '12345' } }));
		const client = await RawClient.open(port);
		await client.send(request('HEAD /'));
		expect((await client.response(true)).header('content-length')).toBe('12345');
		await body.cancelled;
		serve(() => new Response('next'));
		await client.send(request('GET /'));
		expect((await client.response()).body.toString()).toBe('next');
		client.drop();
	});

	law('never lets a header break out of its line', async ({ port, serve, errors }) => {
		for (const [name, value] of [
			['x', 'a\r\nset-cookie: evil=1'],
			['x', 'a\nb'],
			['x', 'a\0b'],
			['x', 'a\u0100b'],
			['x\r\ny', 'a'],
			['x y', 'a'],
			['', 'a']
		] as const) {
			// Response refuses such headers; other libraries make responses that do not.
			serve(() => ({ status: 200, headers: new Map([[name, value]]), body: null }) as unknown as Response);
			const { status, lines } = await exchange(port, request('GET /'));
			expect(status).toBe(500);
			expect(lines.map(([key]) => key)).not.toContain('set-cookie');
		}
		await vi.waitFor(() => expect(errors()).toHaveLength(7));
	});

	law('does not tell the client why the app failed', async ({ port, serve, errors }) => {
		serve(() => {
			throw new Error('secret');
		});
		const response = await exchange(port, request('GET /'));
		expect([response.status, response.body.toString()]).toEqual([500, 'Internal Server Error']);
		await vi.waitFor(() => expect(errors()).toHaveLength(1));
	});

	law('takes text for the bytes of a body', async ({ port, serve }) => {
		const text = 'gr\u00f6\u00dfe' as unknown as Uint8Array;
		serve(
			() =>
				new Response(new ReadableStream<Uint8Array>({ start: (controller) => (controller.enqueue(text), controller.close()) }))
		);
		expect((await exchange(port, request('GET /'))).body.toString()).toBe('gr\u00f6\u00dfe');
	});

	law('sends large bodies whole', async ({ port, serve }) => {
		const bytes = pattern(5_000_000);
		for (const headers of [{}, { 'content-length': String(bytes.length) }]) {
			serve(() => new Response(Buffer.from(bytes), { headers }));
			const client = await RawClient.open(port);
			await client.send(request('GET /'));
			expect((await client.response()).body.equals(bytes)).toBe(true);
			client.drop();
		}
	});

	law('ends the connection when the app says so', async ({ port, serve }) => {
		for (const make of [
			() => new Response('bye', { headers: { connection: 'close' } }),
			() => new Response(Buffer.from(pattern(200_000)), { headers: { connection: 'close' } })
		]) {
			serve(make);
			const client = await RawClient.open(port);
			await client.send(request('GET /'));
			expect((await client.response()).header('connection')).toBe('close');
			await client.closed();
		}
	});

	law('answers pipelined requests in order', async ({ port, serve }) => {
		serve(async (incoming) => {
			await new Promise(setImmediate);
			return new Response(new URL(incoming.url).pathname);
		});
		const client = await RawClient.open(port);
		await client.send(request('GET /1') + request('GET /2'));
		expect((await client.response()).body.toString()).toBe('/1');
		expect((await client.response()).body.toString()).toBe('/2');
		client.drop();
	});

	law('answers HTTP/1.0', async ({ port }) => {
		const client = await RawClient.open(port);
		await client.send('GET /hello.txt HTTP/1.0\r\nHost: a.example\r\n\r\n');
		expect((await client.response()).status).toBe(200);
		await client.closed();
	});
}
