import { Agent, get, type IncomingMessage } from 'node:http';
import { freePort } from 'conformance/free-port';
import { describe, expect, it, vi } from 'vitest';
import { run, serve, visit } from './serve.ts';

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

/** Asks for the same page again and again on a connection that it keeps for as long as the server does. */
class Visitor {
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
	readonly #origin: string;
	readonly failures: string[] = [];
	readonly done: Promise<void>;
	answers = 0;
	#stopped = false;

	constructor(origin: string) {
		this.#origin = origin;
		this.done = this.#run();
	}

	async #run(): Promise<void> {
		while (!this.#stopped) {
			try {
				const response = await this.#get();
				if (response.statusCode !== 200) this.failures.push(`status ${response.statusCode}`);
				this.answers++;
			} catch (error) {
				this.failures.push(String(error));
			}
		}
		this.#agent.destroy();
	}

	#get(): Promise<IncomingMessage> {
		return new Promise((resolve, reject) => {
			get(`${this.#origin}/info`, { agent: this.#agent }, (response) => {
				response.resume().once('end', () => resolve(response));
				response.once('error', reject);
			}).once('error', reject);
		});
	}

	stop(): Promise<void> {
		this.#stopped = true;
		return this.done;
	}
}

describe.each(['uws', 'node'])('the life of a server on %s', (TRANSPORT) => {
	it('turns balancers away first, goes on serving for the delay, and ends with 0', async () => {
		const { server, origin } = await serve({ TRANSPORT, SHUTDOWN_DELAY_MS: '5000' });
		expect([await statusOf(`${origin}/healthz`), await statusOf(`${origin}/readyz`)]).toEqual([200, 200]);
		server.child.kill('SIGTERM');
		await server.said(/Shutting down: SIGTERM/);
		expect([await statusOf(`${origin}/readyz`), await statusOf(`${origin}/healthz`)]).toEqual([503, 503]);
		const page = await fetch(`${origin}/info`);
		expect([page.status, page.headers.get('connection') === 'close']).toEqual([200, false]);
		await using client = await visit(origin);
		expect(await client.closed).toEqual({ code: 1012, reason: expect.stringMatching(/^Server shutting down; retry in \d+ ms$/) });
		expect(await server.exited).toBe(0);
		await expect(fetch(origin)).rejects.toThrow();
	});

	it('ends within SHUTDOWN_TIMEOUT, with 0, although an answer does not end', async () => {
		const { server, origin } = await serve({ TRANSPORT, SHUTDOWN_TIMEOUT: '1' });
		const endless = await fetch(`${origin}/events?name=endless`);
		server.child.kill('SIGINT');
		expect(await server.exited).toBe(0);
		expect(server.output).toContain('Waiting for answers under way took longer than SHUTDOWN_TIMEOUT');
		expect(server.output).toContain('app shut down: SIGINT');
		await endless.body?.cancel().catch(() => {});
	});

	it('ends at once on a second signal', async () => {
		const { server, origin } = await serve({ TRANSPORT });
		const endless = await fetch(`${origin}/events?name=endless`);
		server.child.kill('SIGTERM');
		await server.said(/hooks shut down/);
		await server.insist('SIGTERM');
		expect(await server.exited).toBe(1);
		expect(server.output).not.toContain('app shut down');
		await endless.body?.cancel().catch(() => {});
	});

	it('is replaced under load by another on its port: no request fails, and sockets come back', async () => {
		const port = await freePort();
		const env = { TRANSPORT, PORT: String(port), REUSE_PORT: 'true' };
		let { server: old, origin } = await serve(env);
		const visitors = Array.from({ length: 8 }, () => new Visitor(origin));
		for (let round = 0; round < 3; round++) {
			const before = visitors.map(({ answers }) => answers);
			await vi.waitFor(() => expect(visitors.every(({ answers }, index) => answers > before[index]! + 5)).toBe(true));
			await using socket = await visit(origin);
			const { server: next } = await serve(env);
			old.child.kill('SIGTERM');
			expect(await old.exited).toBe(0);
			expect(await socket.closed).toMatchObject({ code: 1012 });
			await using back = await visit(origin);
			expect(await back.subscribe('notes')).toMatchObject({ type: 'subscribed' });
			old = next;
		}
		await Promise.all(visitors.map((visitor) => visitor.stop()));
		expect(visitors.flatMap(({ failures }) => failures)).toEqual([]);
	});

	it('shares its port with nobody when it is told so', async () => {
		const { origin } = await serve({ TRANSPORT, REUSE_PORT: '0' });
		const { port } = new URL(origin);
		const second = run({ PORT: port, TRANSPORT });
		expect(await second.exited).toBe(1);
		expect(second.output).toContain(`Cannot listen on 127.0.0.1:${port}: the port is taken`);
	});

	it('writes a line for every event of a socket with WS_DEBUG', async () => {
		const { server, origin } = await serve({ TRANSPORT, WS_DEBUG: '1' });
		const client = await visit(origin);
		await client.subscribe('notes');
		await fetch(`${origin}/publish`, {
			method: 'POST',
			headers: { origin },
			body: JSON.stringify({ how: 'publish', messages: [{ topic: 'notes', event: 'created', data: 'secret' }] })
		});
		await client.event('notes');
		client.send('{"type":"unsubscribe","topic":"notes"}');
		await server.said(/\[ws\] unsubscribe \S+ notes\n/);
		await client[Symbol.asyncDispose]();
		await server.said(/\[ws\] close \S+ with \d+ after \d+ ms\n/);
		for (const line of [/\[ws\] open \S+ from 127\.0\.0\.1\n/, /\[ws\] subscribe \S+ notes\n/, /\[ws\] publish notes created\n/])
			expect(server.output).toMatch(line);
		expect(server.output).not.toContain('secret');
	});
});
