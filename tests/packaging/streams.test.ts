import { rmSync } from 'node:fs';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from './client.ts';
import { builtProject, deploy } from './project.ts';
import { serve, visit } from './serve.ts';

let directory: string;
beforeAll(() => {
	directory = deploy(builtProject('kit3', true));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function ask(client: Client, request: Record<string, unknown>): Promise<any> {
	client.send(JSON.stringify({ ...request, id: 'r', stream: true }));
	return client.event('__rpc');
}

describe.each(['1', '2'])('streams of a built app on %s workers', (workers) => {
	it('hear what an endpoint publishes, once, as each of them shows it, and again when they come back', async () => {
		const port = String(await freePort());
		const ORIGIN = `http://127.0.0.1:${port}`;
		const { origin } = await serve({ PORT: port, ORIGIN, APP_SECRET: 'at run time', CLUSTER_WORKERS: workers }, directory);

		const clients: Client[] = [];
		const pids = new Set<number>();
		// The kernel decides which worker gets a connection, so it may take several until each has one.
		while (clients.length < 6 || pids.size < Number(workers)) {
			expect(clients.length).toBeLessThan(100);
			const client = await visit(origin);
			const { topic, data } = await ask(client, { rpc: 'board/named', args: ['north'] });
			expect(topic).toBe('team:north');
			pids.add(data[0]);
			clients.push(client);
		}
		expect(pids.size).toBe(Number(workers));

		const [first, ...others] = clients;
		const { topic: even } = await ask(first!, { rpc: 'board/even' });
		// Two ways to see one topic have two names where they meet on a worker.
		const topics = new Map<Client, string>();
		for (const client of others) {
			const reply = await ask(client, { rpc: 'board/all' });
			expect(reply).toMatchObject({ ok: true, data: [], seq: 0 });
			topics.set(client, reply.topic);
		}
		// On a connection of its own each time, so that any worker may be the one that publishes.
		for (const id of [1, 2, 3, 4]) await fetch(`${origin}/say?id=${id}`, { headers: { connection: 'close' } });
		for (const [client, topic] of topics) {
			for (const id of [1, 2, 3, 4]) expect(await client.event(topic)).toEqual({ id });
			expect(client.unread(topic)).toBe(0);
		}
		expect([await first!.event(even), await first!.event(even)]).toEqual([{ id: 2 }, { id: 4 }]);
		expect(first!.unread(even)).toBe(0);

		expect(await ask(others[0]!, { rpc: 'board/all', seq: 2 })).toMatchObject({
			replay: true,
			seq: 4,
			data: [
				{ seq: 3, event: 'created', data: { id: 3 } },
				{ seq: 4, event: 'created', data: { id: 4 } }
			]
		});
		for (const client of clients) await client[Symbol.asyncDispose]();
	});
});
