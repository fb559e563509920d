import { rmSync } from 'node:fs';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Running } from 'conformance/running';
import { builtProject, deploy } from './project.ts';
import { serve, visit } from './serve.ts';

let directory: string;
beforeAll(() => {
	directory = deploy(builtProject('kit3', true));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Said {
	readonly second: number;
	readonly pid: number;
}

const said = (server: Running, what: string): Said[] =>
	[...server.output.matchAll(new RegExp(`${what} ([\\d.]+) in (\\d+)`, 'g'))].map(([, second, pid]) => ({
		second: Number(second),
		pid: Number(pid)
	}));

async function workersOf(count: string): Promise<{ readonly server: Running; readonly origin: string }> {
	const port = String(await freePort());
	const ORIGIN = `http://127.0.0.1:${port}`;
	return serve({ PORT: port, ORIGIN, APP_SECRET: 'at run time', CLUSTER_WORKERS: count }, directory);
}

describe.each(['1', '2', '4'])('timers of live modules on %s workers', (workers) => {
	it('run once each second, on any worker, also when one is killed, and reach the clients of all', async () => {
		const { server, origin } = await workersOf(workers);
		const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 20 });
		const seconds = (): number[] => said(server, 'each').map(({ second }) => second);

		await until(() => expect(seconds().length).toBeGreaterThan(3));
		await using client = await visit(origin);
		await client.subscribe('seconds');
		const heard = [await client.event('seconds'), await client.event('seconds'), await client.event('seconds')];
		expect(heard).toEqual(Array.from({ length: 3 }, () => ({ pid: expect.any(Number), due: expect.any(Number) })));

		// One that stands still for a while takes up nothing that others have done meanwhile.
		const { pid: still, second: last } = said(server, 'each').at(-1)!;
		process.kill(still, 'SIGSTOP');
		// Where it is the only one, nobody says which times pass meanwhile but the clock.
		if (workers === '1') await until(() => expect(Date.now() / 1_000).toBeGreaterThan(last + 3));
		else await until(() => expect(said(server, 'each').filter(({ pid }) => pid !== still).length).toBeGreaterThan(3));
		process.kill(still, 'SIGCONT');

		const begun = seconds().length;
		process.kill(said(server, 'each').at(-1)!.pid, 'SIGKILL');
		await until(() => expect(seconds().length).toBeGreaterThan(begun + 3));
		expect(new Set(seconds()).size).toBe(seconds().length);
		expect(said(server, 'start')).toHaveLength(1);
		// A worker may be killed between the two.
		expect(said(server, 'seen').length).toBeGreaterThan(seconds().length - 3);
		expect(new Set(said(server, 'seen').map(({ second }) => second)).size).toBe(said(server, 'seen').length);
	});

	it('do not begin again while the run before goes on', async () => {
		const { server } = await workersOf(workers);
		await vi.waitFor(() => expect(said(server, 'slow ends').length).toBeGreaterThan(1));
		const order = [...server.output.matchAll(/slow (begins|ends)/g)].map(([, what]) => what);
		expect(order).toEqual(order.map((_, i) => (i % 2 === 0 ? 'begins' : 'ends')));
	});
});
