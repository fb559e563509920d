import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { freePort } from 'conformance/free-port';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Running } from 'conformance/running';
import type { Client } from './client.ts';
import { APP } from './project.ts';
import { serve, visit } from './serve.ts';

const LINUX = process.platform === 'linux';

const pidOf = async (client: Client): Promise<number> => (await client.rpc('faults/pid')).data as number;

/** A client whose worker is none of these; the kernel decides who gets a connection, so it may take several. */
async function elsewhere(origin: string, pids: readonly number[]): Promise<{ readonly client: Client; readonly pid: number }> {
	return vi.waitFor(async () => {
		const client = await visit(origin);
		const pid = await pidOf(client).catch(String);
		if (typeof pid === 'number' && !pids.includes(pid)) return { client, pid };
		client.drop();
		throw new Error(`Nobody is elsewhere than on ${pids.join(' and ')}; the last was on ${pid}.`);
	});
}

describe.each([
	{ TRANSPORT: 'uws', CLUSTER_MODE: 'reuseport' },
	{ TRANSPORT: 'node', CLUSTER_MODE: 'acceptor' }
])('two workers with $TRANSPORT', (env) => {
	it.each(['throws where nobody catches', 'rejects where nobody catches', 'exits by itself', 'aborts', 'has no memory left'])(
		'one that %s takes its own connections with it alone, and another takes its place',
		async (how) => {
			const { server, origin } = await serve({ ...env, CLUSTER_WORKERS: '2', NODE_OPTIONS: '--max-old-space-size=64' });
			const witness = await elsewhere(origin, []);
			const victim = await elsewhere(origin, [witness.pid]);
			victim.client.rpc('faults/crash', [how]).catch(() => {});
			expect(await victim.client.closed).toMatchObject({ code: 1006 });
			expect(await pidOf(witness.client)).toBe(witness.pid);
			const fresh = await elsewhere(origin, [witness.pid, victim.pid]);
			expect(await pidOf(witness.client)).toBe(witness.pid);
			for (const { client } of [witness, fresh]) client.drop();
			server.child.kill('SIGTERM');
			expect(await server.exited).toBe(0);
		}
	);
});

describe.each(['uws', 'node'])('a server on %s', (TRANSPORT) => {
	it('stands still for two seconds, and has lost nothing and nobody then', async () => {
		const { origin } = await serve({ TRANSPORT });
		await using busy = await visit(origin);
		await using reader = await visit(origin);
		expect(await reader.rpc('faults/crowd', [], { stream: true })).toMatchObject({ ok: true });
		const over = busy.rpc('faults/block', [2_000]);
		// What comes meanwhile waits in the sockets: calls of those who are there, and those who come.
		const late = visit(origin);
		const filled = reader.rpc('faults/fill', [0, 20]);
		const page = fetch(`${origin}/info`);
		expect(await over).toMatchObject({ ok: true, data: 'over' });
		expect(await filled).toMatchObject({ ok: true });
		for (let id = 0; id < 20; id++) expect(await reader.event('crowd')).toEqual({ id });
		expect((await page).status).toBe(200);
		await using newcomer = await late;
		expect(await newcomer.rpc('faults/pid')).toMatchObject({ ok: true });
	});

	it.runIf(LINUX)('runs out of file descriptors, keeps whom it has, and takes others once some are free', async () => {
		const { server, origin } = await serve({ TRANSPORT });
		const first = await visit(origin);
		execFileSync('prlimit', ['--nofile=64:64', '--pid', String(server.child.pid)]);
		const others = Array.from({ length: 100 }, () =>
			visit(origin).then(
				(client) => client,
				() => undefined
			)
		);
		const open: Client[] = [];
		for (const other of others) void other.then((client) => client && open.push(client));
		await vi.waitFor(() => expect(open.length).toBeGreaterThan(20));
		// Longer than the server looks at itself once.
		for (let second = 0; second < 3; second++) {
			expect(await pidOf(first)).toBe(server.child.pid);
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
		expect(open.length).toBeLessThan(64);
		// Those who wait in the backlog come in as these go, and go as well.
		while (open.length > 0) open.pop()!.drop();
		await vi.waitFor(async () => {
			while (open.length > 0) open.pop()!.drop();
			expect((await fetch(`${origin}/info`, { signal: AbortSignal.timeout(1_000) })).status).toBe(200);
		});
		await using late = await visit(origin);
		expect(await pidOf(late)).toBe(await pidOf(first));
		first.drop();
		expect(server.child.exitCode).toBe(null);
	});

	it.runIf(LINUX).each(['a disk that is full', 'a reader that is gone'])(
		'serves although its output goes to %s',
		async (where) => {
			const port = String(await freePort());
			const origin = `http://127.0.0.1:${port}`;
			const full = openSync('/dev/full', 'w');
			onTestFinished(() => closeSync(full));
			const target = where === 'a disk that is full' ? full : 'pipe';
			await using server = new Running(
				['build'],
				APP,
				{ HOST: '127.0.0.1', PORT: port, TRANSPORT, WS_DEBUG: '1' },
				{
					stdio: ['ignore', target, target]
				}
			);
			for (const stream of [server.child.stdout, server.child.stderr]) stream?.destroy();
			await server.answers(`${origin}/healthz`);
			expect((await fetch(`${origin}/fail`)).status).toBe(500);
			await using client = await visit(origin);
			expect(await pidOf(client)).toBe(server.child.pid);
			expect((await fetch(`${origin}/info`)).status).toBe(200);
			server.child.kill('SIGTERM');
			expect(await server.exited).toBe(0);
		}
	);
});
