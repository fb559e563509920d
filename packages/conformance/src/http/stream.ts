import { expect, vi } from 'vitest';
import { exchange, RawClient, request } from './client.ts';
import { controlled } from './controlled.ts';
import type { HttpLaw } from './fixture.ts';

const CHUNK = 65_536;

/** What becomes of a body that comes piece by piece, and of one whose client leaves. */
export function streamLaws(law: HttpLaw): void {
	law('sends each chunk before the app makes the next', async ({ port, serve }) => {
		for (const headers of [{}, { 'content-length': '16' }]) {
			const body = controlled();
			serve(() => new Response(body.stream, { headers }));
			const client = await RawClient.open(port);
			await client.send(request('GET /'));
			for (const text of ['first', 'second', 'third']) {
				body.push(text);
				await client.until(() => client.text.includes(text));
			}
			body.end();
			const response = await client.response();
			expect([response.body.toString(), response.header('content-length')]).toEqual([
				'firstsecondthird',
				headers['content-length']
			]);
			client.drop();
		}
	});

	law('ends a stream that ends its connection as any other, and looks at nothing behind it', async ({ port, serve }) => {
		let asked = 0;
		const lines = ['Content-Length: 5', 'Transfer-Encoding: chunked'];
		for (const [index, text] of [
			request('POST /', [lines[0]!], 'hello'),
			request('POST /', [lines[1]!], '0\r\n\r\n')
		].entries()) {
			const body = controlled();
			serve(() => (asked++, new Response(body.stream, { headers: { connection: 'close' } })));
			const client = await RawClient.open(port);
			await client.send(text);
			body.push('first');
			await client.until(() => client.text.includes('first'));
			body.push('second');
			body.end();
			const response = await client.response();
			expect([response.header('connection'), response.body.toString()]).toEqual(['close', 'firstsecond']);
			await client.send(request('GET /'));
			await client.closed();
			expect([client.text, asked]).toEqual(['', index + 1]);
		}
	});

	law('tells proxies not to hold events back', async ({ port, serve }) => {
		serve(() => new Response('data: 1\n\n', { headers: { 'content-type': 'text/event-stream' } }));
		expect((await exchange(port, request('GET /'))).header('x-accel-buffering')).toBe('no');
	});

	law('frames a stream by the length that the app says', async ({ port, serve }) => {
		serve(() => {
			const body = controlled();
			for (const text of ['one ', '', 'two ', 'three']) body.push(text);
			body.end();
			return new Response(body.stream, { headers: { 'content-length': '13' } });
		});
		const response = await exchange(port, request('GET /'));
		expect([response.body.toString(), response.header('content-length'), response.header('transfer-encoding')]).toEqual([
			'one two three',
			'13',
			undefined
		]);
	});

	law('takes no more from the app than the client reads', async ({ port, serve }) => {
		const total = 1024;
		for (const announced of [false, true]) {
			let pulled = 0;
			const make = (): ReadableStream<Uint8Array> =>
				new ReadableStream({
					pull: (controller) => (pulled++ < total ? controller.enqueue(new Uint8Array(CHUNK).fill(pulled)) : controller.close())
				});
			serve(() => new Response(make(), announced ? { headers: { 'content-length': String(total * CHUNK) } } : {}));
			const client = await RawClient.open(port);
			client.pause();
			await client.send(request('GET /'));
			let before = -1;
			await vi.waitFor(
				() => {
					const last = before;
					before = pulled;
					expect(pulled).toBeGreaterThan(1);
					expect(pulled).toBe(last);
				},
				{ timeout: 20_000, interval: 200 }
			);
			// What the system's own buffers hold is a few megabytes; 64 would be everything.
			expect(pulled).toBeLessThan(total / 2);
			client.resume();
			const { body } = await client.response();
			expect(body.length).toBe(total * CHUNK);
			for (let n = 0; n < total; n++) expect(body[n * CHUNK]).toBe((n + 1) & 255);
			client.drop();
		}
	});

	law('tells the app that the client has left, while it thinks', async ({ port, serve }) => {
		let left: Promise<unknown> | undefined;
		serve(({ signal }) => {
			left = new Promise((resolve) => signal.addEventListener('abort', resolve));
			return new Promise<Response>(() => {});
		});
		const client = await RawClient.open(port);
		await client.send(request('GET /'));
		await vi.waitFor(() => expect(left).toBeDefined());
		client.drop();
		await left;
	});

	law('tells the app that the client has left, while a chunk is awaited', async ({ port, serve, errors }) => {
		const body = controlled();
		let aborted = false;
		serve(({ signal }) => {
			signal.addEventListener('abort', () => (aborted = true));
			return new Response(body.stream);
		});
		const client = await RawClient.open(port);
		await client.send(request('GET /'));
		body.push('first');
		await client.until(() => client.text.includes('first'));
		client.drop();
		await body.cancelled;
		expect(aborted).toBe(true);
		expect(errors()).toEqual([]);
	});

	law('throws away what the app answers to a client that has left', async ({ port, serve, errors }) => {
		const body = controlled();
		let answer!: (response: Response) => void;
		let left!: Promise<unknown>;
		serve(({ signal }) => {
			left = new Promise((resolve) => signal.addEventListener('abort', resolve));
			return new Promise((resolve) => (answer = resolve));
		});
		const client = await RawClient.open(port);
		await client.send(request('GET /'));
		await vi.waitFor(() => expect(answer).toBeDefined());
		client.drop();
		await left;
		answer(new Response(body.stream));
		await body.cancelled;
		expect(errors()).toEqual([]);
	});

	law('does not abort a request that was answered', async ({ port, serve }) => {
		let signal!: AbortSignal;
		serve((incoming) => {
			({ signal } = incoming);
			return new Response('done');
		});
		const client = await RawClient.open(port);
		await client.send(request('GET /'));
		await client.response();
		client.drop();
		await exchange(port, request('GET /hello.txt'));
		expect(signal.aborted).toBe(false);
	});

	law('closes without an end when a body breaks off', async ({ port, serve, errors }) => {
		const body = controlled();
		serve(() => new Response(body.stream));
		const client = await RawClient.open(port);
		await client.send(request('GET /'));
		body.push('first');
		await client.until(() => client.text.includes('first'));
		body.fail();
		await client.closed();
		expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/);
		await vi.waitFor(() => expect(errors().join()).toMatch(/could not be written/));
	});

	law('answers 500 when a body breaks before its first chunk', async ({ port, serve, errors }) => {
		const body = controlled();
		body.fail();
		serve(() => new Response(body.stream));
		expect((await exchange(port, request('GET /'))).status).toBe(500);
		await vi.waitFor(() => expect(errors()).toHaveLength(1));
	});

	law('closes without an end when a body is not as long as announced', async ({ port, serve }) => {
		for (const [text, length] of [
			['short', 100],
			['much too long for it', 5]
		] as const) {
			serve(() => {
				const body = controlled();
				body.push(text.slice(0, 3));
				body.push(text.slice(3));
				body.end();
				return new Response(body.stream, { headers: { 'content-length': String(length) } });
			});
			const client = await RawClient.open(port);
			await client.send(request('GET /'));
			await client.closed();
			expect(client.text.split('\r\n\r\n')[1]?.length).not.toBe(length);
		}
	});
}
