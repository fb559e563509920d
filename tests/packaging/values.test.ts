import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Running } from 'conformance/running';
import type { Client } from './client.ts';
import { builtProject, deploy } from './project.ts';
import { serve, visit } from './serve.ts';

let directory: string;
beforeAll(() => {
	directory = deploy(builtProject('kit3', true));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function ask(client: Client, request: Record<string, unknown>): Promise<any> {
	client.send(JSON.stringify({ ...request, id: 'r' }));
	return client.event('__rpc');
}

/** What the workers have said: the second word of each line. */
const said = (server: Running, what: string): string[] =>
	[...server.output.matchAll(new RegExp(`^${what} (\\S+) in \\d+`, 'gm'))].map(([, id]) => id!);

describe.each([1, 2, 4])('what follows from events, on %s workers', (workers) => {
	it('is done once where it has effects, reaches each client once, and goes on beside what fails or would never end', async () => {
		const port = String(await freePort());
		const ledger = join(directory, `orders of ${workers}`);
		writeFileSync(ledger, '');
		const env = {
			LEDGER: ledger,
			PORT: port,
			ORIGIN: `http://127.0.0.1:${port}`,
			APP_SECRET: 'at run time',
			CLUSTER_WORKERS: String(workers)
		};
		const { server, origin } = await serve(env, directory);

		const clients: Client[] = [];
		const pids = new Set<number>();
		while (clients.length < 4 || pids.size < workers) {
			expect(clients.length).toBeLessThan(100);
			const client = await visit(origin);
			clients.push(client);
			pids.add((await ask(client, { rpc: 'values/where' })).data);
			expect(await ask(client, { rpc: 'values/sums', stream: true })).toMatchObject({ ok: true, data: { count: 0 } });
			expect(await ask(client, { rpc: 'values/late', stream: true })).toMatchObject({ data: 0, derived: true });
			expect(await ask(client, { rpc: 'values/list', stream: true })).toMatchObject({ ok: true });
		}

		for (const id of [1, 2, 3]) {
			await ask(clients[id % clients.length]!, { rpc: 'values/order', args: [id] });
			for (const client of clients) {
				expect(await client.event('sums')).toEqual({ count: id });
				expect(await client.event('values/late')).toBe(id);
			}
			// Loaded once for all: everybody sees the same worker.
			const loaded = await Promise.all(clients.map((client) => client.event('list') as Promise<{ readonly pid: number }[]>));
			expect(new Set(loaded.map(([row]) => row?.pid)).size).toBe(1);
		}
		await vi.waitFor(() => expect(said(server, 'after')).toHaveLength(3));
		await vi.waitFor(() => expect(said(server, 'everywhere')).toHaveLength(3 * workers));
		expect(said(server, 'mail')).toEqual(['1', '2', '3']);
		await server.said(/REACTION_LOOP|reactions to each other/);
		for (const client of clients) {
			expect([client.unread('sums'), client.unread('list'), client.unread('values/late')]).toEqual([0, 0, 0]);
			await client[Symbol.asyncDispose]();
		}
		expect(said(server, 'after')).toHaveLength(3);
	});
});
