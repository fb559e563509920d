import { expect, vi } from 'vitest';
import { exchange, RawClient, request } from './client.ts';
import { pattern, SITE, type HttpLaw } from './fixture.ts';

function chunked(...parts: readonly string[]): string {
	return `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
}

/** What reading the body led to: its text, or the name of the error. */
async function readText(incoming: Request): Promise<Response> {
	return new Response(await incoming.text().catch((error: Error) => error.name));
}

export function bodyLaws(law: HttpLaw): void {
	law('hands on bodies of a known length and in chunks', async ({ port, serve }) => {
		serve(readText);
		for (const text of [
			request('POST /', ['Content-Length: 5'], 'hello'),
			request('POST /', ['Transfer-Encoding: chunked'], chunked('he', 'l', 'lo')),
			request('POST /', ['Transfer-Encoding: Chunked'], chunked('hello')),
			request('DELETE /', ['Content-Length: 5'], 'hello')
		])
			expect((await exchange(port, text)).body.toString()).toBe('hello');
	});

	law('takes chunk extensions and trailers', async ({ port, serve }) => {
		serve(readText);
		const client = await RawClient.open(port);
		for (const body of ['5;name=value\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\nX: y\r\n\r\n']) {
			await client.send(request('POST /', ['Transfer-Encoding: chunked'], body));
			expect((await client.response()).body.toString()).toBe('hello');
		}
		client.drop();
	});

	law('hands on a body as it comes', async ({ port, serve }) => {
		serve(async (incoming) => new Response(incoming.body!.pipeThrough(new TransformStream())));
		const client = await RawClient.open(port);
		await client.send(request('POST /', ['Content-Length: 9']));
		for (const part of ['one', 'two', 'six']) {
			await client.send(part);
			await client.until(() => client.text.includes(part));
		}
		expect((await client.response()).body.toString()).toBe('onetwosix');
		client.drop();
	});

	law('hands on large bodies whole', async ({ port, serve }) => {
		const bytes = pattern(8_000_000);
		serve(async (incoming) => Response.json(Buffer.from(await incoming.arrayBuffer()).equals(bytes)));
		const client = await RawClient.open(port);
		await client.send(request('POST /', [`Content-Length: ${bytes.length}`]));
		await client.send(bytes);
		expect((await client.response()).body.toString()).toBe('true');
		client.drop();
	});

	law('gives GET and HEAD no body, and requests without one none', async ({ port, serve }) => {
		serve((incoming) => Response.json(incoming.body === null));
		const client = await RawClient.open(port);
		for (const text of [
			request('GET /', ['Content-Length: 5'], 'hello'),
			request('POST /', ['Content-Length: 0']),
			request('POST /')
		]) {
			await client.send(text);
			expect((await client.response()).body.toString()).toBe('true');
		}
		client.drop();
	});

	law('answers 413 to a length over the limit before anything is sent, and asks nobody', async ({ port, serve }) => {
		let asked = 0;
		serve(() => (asked++, new Response('app')));
		const { status } = await exchange(port, request('POST /', [`Content-Length: ${SITE.bodyLimit + 1}`]));
		expect([status, asked]).toEqual([413, 0]);
	});

	law('answers 413 when chunks pass the limit, whatever the app makes of it', async ({ port, serve }) => {
		let seen = '';
		serve(async (incoming) => {
			const response = await readText(incoming);
			seen = await response.clone().text();
			return response;
		});
		const client = await RawClient.open(port);
		void client.send(request('POST /', ['Transfer-Encoding: chunked']));
		const part = Buffer.from(`100000\r\n${'a'.repeat(0x100000)}\r\n`);
		for (let sent = 0; sent <= SITE.bodyLimit; sent += 0x100000) void client.send(part);
		expect((await client.response()).status).toBe(413);
		expect(seen).toBe('PayloadTooLargeError');
		client.drop();
	});

	law('takes a body of exactly the limit', async ({ port, serve }) => {
		serve(async (incoming) => Response.json((await incoming.arrayBuffer()).byteLength));
		const client = await RawClient.open(port);
		void client.send(request('POST /', [`Content-Length: ${SITE.bodyLimit}`]));
		void client.send(Buffer.alloc(SITE.bodyLimit));
		expect((await client.response()).body.toString()).toBe(String(SITE.bodyLimit));
		client.drop();
	});

	law('does not take in what the app does not read', async ({ port, serve }) => {
		let answer!: (response: Response) => void;
		serve(() => new Promise((resolve) => (answer = resolve)));
		const client = await RawClient.open(port);
		await client.send(request('POST /', [`Content-Length: ${SITE.bodyLimit}`]));
		let taken = 0;
		for (let sent = 0; sent < SITE.bodyLimit; sent += 0x100000)
			void client.send(Buffer.alloc(0x100000)).then(() => (taken += 0x100000));
		let before = -1;
		await vi.waitFor(
			() => {
				const last = before;
				before = taken;
				expect(answer).toBeDefined();
				expect(taken).toBe(last);
			},
			{ timeout: 20_000, interval: 200 }
		);
		expect(taken).toBeLessThan(SITE.bodyLimit / 2);
		answer(new Response('unread'));
		expect((await client.response()).body.toString()).toBe('unread');
		await vi.waitFor(() => expect(taken).toBe(SITE.bodyLimit), { timeout: 20_000 });
		serve(() => new Response('next'));
		await client.send(request('GET /'));
		expect((await client.response()).body.toString()).toBe('next');
		client.drop();
	});

	law('answers at once when the app does not care for the body, and reads on for the next request', async ({ port, serve }) => {
		serve(() => new Response('unread'));
		const client = await RawClient.open(port);
		await client.send(request('POST /', ['Content-Length: 300000']));
		expect((await client.response()).body.toString()).toBe('unread');
		await client.send(Buffer.alloc(300_000));
		await client.send(request('GET /hello.txt'));
		expect((await client.response()).body.toString()).toBe('Hello, world!');
		client.drop();
		expect((await exchange(port, request('POST /', ['Transfer-Encoding: chunked']))).body.toString()).toBe('unread');
	});

	law('lets the app cancel a body', async ({ port, serve }) => {
		serve(async (incoming) => {
			const reader = incoming.body!.getReader();
			await reader.read();
			await reader.cancel();
			return new Response('enough');
		});
		const client = await RawClient.open(port);
		void client.send(request('POST /', ['Content-Length: 1000000'], 'a'.repeat(1_000_000)));
		expect((await client.response()).body.toString()).toBe('enough');
		await client.send(request('GET /hello.txt'));
		expect((await client.response()).status).toBe(200);
		client.drop();
	});

	law('breaks a body off when the client leaves in the middle of it', async ({ port, serve, errors }) => {
		let outcome: Promise<string> | undefined;
		let signal!: AbortSignal;
		serve((incoming) => {
			({ signal } = incoming);
			outcome = incoming.text().then(
				() => 'whole',
				() => 'broken'
			);
			return outcome.then((text) => new Response(text));
		});
		for (const [headers, part] of [
			[['Content-Length: 10'], 'abc'],
			[['Transfer-Encoding: chunked'], '3\r\nabc\r\n']
		] as const) {
			outcome = undefined;
			const client = await RawClient.open(port);
			await client.send(request('POST /', headers, part));
			await vi.waitFor(() => expect(outcome).toBeDefined());
			client.drop();
			expect(await outcome).toBe('broken');
			expect(signal.aborted).toBe(true);
		}
		expect(errors()).toEqual([]);
	});

	law('asks a client that waits to continue, and then takes its body', async ({ port, serve }) => {
		serve(readText);
		const client = await RawClient.open(port);
		await client.send(request('POST /', ['Content-Length: 5', 'Expect: 100-continue']));
		expect((await client.response()).status).toBe(100);
		await client.send('hello');
		expect((await client.response()).body.toString()).toBe('hello');
		client.drop();
	});
}
