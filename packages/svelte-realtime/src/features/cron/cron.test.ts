import type { Platform, Stores } from 'svelte-adapter-uws/contract';
import { createTestServer, manualClock } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../../test/support.ts';
import { app } from '../../define/app.ts';
import { live } from '../../define/live.ts';
import type { Cron, CronOptions, CronRun } from '../../define/reactive.ts';
import { Runtime, type RuntimeParts } from '../../runtime/runtime.ts';
import { standard } from '../standard.ts';

const START = Date.parse('2026-01-01T00:00:30Z');
const MINUTE = 60_000;

/** Lets what was begun get to where it waits for something else: the stores answer in a few microtasks. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Nodes of one app that share the stores of one server; each may tell another time. */
async function cluster(nodes: number, job: (node: number) => Cron, parts: (node: number) => Partial<RuntimeParts> = () => ({})) {
	const clock = manualClock();
	const server = await createTestServer({ transport: 'memory', clock });
	const published: unknown[] = [];
	server.platform.tap(({ topic, event, data }) => void published.push([topic, event, data]));
	const errors: unknown[] = [];
	const warnings: string[] = [];
	const offsets: number[] = Array.from({ length: nodes }, () => 0);
	const runtimes = offsets.map((_, node) => {
		const stores: Stores = { ...server.platform.stores, node: `node ${node}` };
		const platform: Platform = Object.create(server.platform, { stores: { value: stores } });
		const runtime = new Runtime({
			platform,
			features: standard,
			clock,
			date: () => START + clock.now() + offsets[node]!,
			onError: (_path, error) => void errors.push(error),
			warn: (text) => void warnings.push(text),
			...parts(node)
		});
		return runtime;
	});
	const idle = clock.pending;
	for (const [node, runtime] of runtimes.entries()) runtime.install('m/job', job(node));
	await vi.waitFor(() => expect(clock.pending).toBeGreaterThanOrEqual(idle + nodes));
	return {
		clock,
		stores: server.platform.stores,
		runtimes,
		offsets,
		published,
		errors,
		warnings,
		/** Moves on in steps, and lets each node do what it has to. */
		async pass(ms: number, step = 1_000) {
			for (let left = ms; left > 0; left -= step) {
				clock.advance(Math.min(step, left));
				await settle();
			}
		},
		async [Symbol.asyncDispose]() {
			for (const runtime of runtimes) runtime[Symbol.dispose]();
			await server.close();
		}
	};
}

const cron = (run: CronRun, options?: CronOptions, schedule = '* * * * *'): Cron => live.cron(schedule, 'stats', run, options);

it('publishes what the function gives as set, and nothing for undefined', async () => {
	let runs = 0;
	await using app = await cluster(1, () => cron(() => (++runs === 2 ? undefined : runs)));
	await app.pass(3 * MINUTE);
	expect(runs).toBe(3);
	expect(app.published).toEqual([
		['stats', 'set', 1],
		['stats', 'set', 3]
	]);
});

it.each([1, 2, 4])('runs each time once on %i nodes that share their stores', async (nodes) => {
	const ran: string[] = [];
	await using app = await cluster(nodes, () => cron((_ctx, due) => void ran.push(due.toISOString()), {}, '*/10 * * * * *'));
	// Their clocks do not agree.
	app.offsets.forEach((_, node) => (app.offsets[node] = node * 700));
	await app.pass(10 * MINUTE);
	expect([ran.length, new Set(ran).size]).toEqual([60, 60]);
	expect(ran.at(-1)).toMatch(/^2026-01-01T00:10:[23]0.000Z$/);
	expect(app.errors).toEqual([]);
});

it('leaves a time out on all nodes while the run before it goes on on one, unless runs may overlap', async () => {
	for (const [overlap, expected] of [
		[false, 1],
		[true, 5]
	] as const) {
		const ends: (() => void)[] = [];
		await using app = await cluster(2, () => cron(() => new Promise<void>((resolve) => ends.push(resolve)), { overlap }));
		await app.pass(5 * MINUTE);
		expect(ends.length).toBe(expected);
		for (const end of ends) end();
		await app.pass(MINUTE);
		expect(ends.length).toBe(expected + 1);
	}
});

it('goes on on another node when the one that runs is gone', async () => {
	let runs = 0;
	await using app = await cluster(2, () => cron(() => (runs++, runs === 1 ? new Promise(() => {}) : undefined)));
	await app.pass(MINUTE);
	expect(runs).toBe(1);
	await app.pass(MINUTE);
	expect(runs).toBe(1);
	// The lease of whichever has it.
	for (const runtime of app.runtimes) runtime.remove('m/job');
	app.runtimes[1]!.install(
		'm/job',
		cron(() => void runs++)
	);
	await settle();
	await app.pass(2 * MINUTE);
	expect(runs).toBe(3);
});

it('counts each time once, on the node that ran it or left it out', async () => {
	const counted: string[] = [];
	const ends: (() => void)[] = [];
	let runs = 0;
	const settings = {
		...app(),
		metrics: { cron: (path: string, outcome: string) => void counted.push(`${path} ${outcome}`) } as never
	};
	await using nodes = await cluster(
		3,
		() => cron(() => (runs++ === 0 ? new Promise<void>((resolve) => ends.push(resolve)) : undefined)),
		() => ({ app: settings })
	);
	await nodes.pass(MINUTE);
	await nodes.pass(MINUTE);
	expect(counted).toEqual(['m/job skipped']);
	for (const end of ends) end();
	await nodes.pass(MINUTE);
	expect(counted).toEqual(['m/job skipped', 'm/job ok', 'm/job ok']);
});

it('gives a run up after timeoutMs, tells its signal, and takes no result of it', async () => {
	const signals: AbortSignal[] = [];
	const ends: ((value: string) => void)[] = [];
	await using app = await cluster(1, () =>
		cron((ctx) => (signals.push(ctx.signal), new Promise((resolve) => ends.push(resolve))), { timeoutMs: 5_000 })
	);
	await app.pass(30_000);
	expect(signals[0]?.aborted).toBe(false);
	await app.pass(5_000);
	expect(signals[0]?.aborted).toBe(true);
	expect(app.errors).toMatchObject([{ code: 'TIMEOUT' }]);
	ends[0]!('late');
	await app.pass(MINUTE);
	expect(signals.length).toBe(2);
	expect(app.published).toEqual([]);
});

it('reports what the function throws, and runs at the next time', async () => {
	let runs = 0;
	await using app = await cluster(1, () =>
		cron(() => {
			if (++runs === 1) throw new Error('sync');
			if (runs === 2) return Promise.reject(new Error('async'));
			return runs === 3 ? 1n : 'fine';
		})
	);
	await app.pass(4 * MINUTE);
	expect(app.errors).toMatchObject([{ message: 'sync' }, { message: 'async' }, { name: 'TypeError' }]);
	expect(app.published).toEqual([['stats', 'set', 'fine']]);
});

it('reads the schedule in its time zone, and without one in that of the machine', async () => {
	const before = process.env['TZ'];
	process.env['TZ'] = 'Asia/Kolkata';
	const ran: string[] = [];
	const job = (tz?: string) => live.cron('0 6 * * *', 'stats', (_ctx, due) => void ran.push(due.toISOString()), tz ? { tz } : {});
	for (const tz of [undefined, 'Asia/Tokyo']) {
		await using app = await cluster(1, () => job(tz));
		await app.pass(24 * 60 * MINUTE, MINUTE);
	}
	expect(ran).toEqual(['2026-01-01T00:30:00.000Z', '2026-01-01T21:00:00.000Z']);
	if (before === undefined) delete process.env['TZ'];
	else process.env['TZ'] = before;
});

it('waits a random part of jitterMs', async () => {
	const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
	let runs = 0;
	await using app = await cluster(1, () => cron(() => void runs++, { jitterMs: 10_000 }));
	await app.pass(30_000 + 4_000);
	expect(runs).toBe(0);
	await app.pass(1_000);
	expect(runs).toBe(1);
	random.mockRestore();
});

it('runs at the start once for nodes that start together, and again when the job is replaced', async () => {
	let runs = 0;
	const job = (): Cron => cron(() => void runs++, { runOnInit: true }, '0 0 1 1 *');
	await using app = await cluster(3, job);
	await settle();
	expect(runs).toBe(1);
	for (const runtime of app.runtimes) runtime.install('m/job', job());
	await settle();
	expect(runs).toBe(2);
});

it.each([
	[false, 0],
	[true, 1]
])('with catchUp %s runs %i time(s), on one node, for what passed in a sleep of hours', async (catchUp, expected) => {
	let runs = 0;
	await using app = await cluster(2, () => cron(() => void runs++, { catchUp, tz: 'UTC' }, '0 3 * * *'));
	app.offsets.fill(29 * 60 * MINUTE);
	await app.pass(2 * MINUTE);
	expect(runs).toBe(expected);
	expect(app.warnings.length).toBe(catchUp ? 0 : 2);
	if (!catchUp) expect(app.warnings[0]).toContain('m/job did not run at 2026-01-02T03:00:00.000Z');
});

it('does not run a time again that another node ran long before it woke up', async () => {
	let runs = 0;
	await using app = await cluster(2, () => cron(() => void runs++, { catchUp: true, tz: 'UTC' }, '0 3 * * *'));
	app.offsets[0] = 3 * 60 * MINUTE;
	await app.pass(MINUTE);
	expect(runs).toBe(1);
	await app.pass(20 * MINUTE, MINUTE);
	app.offsets[1] = 5 * 60 * MINUTE;
	await app.pass(2 * MINUTE);
	expect(runs).toBe(1);
});

it('asks the leader before each run', async () => {
	let runs = 0;
	let verdict: () => unknown = () => false;
	await using app = await cluster(
		1,
		() => cron(() => void runs++),
		() => ({ leader: () => verdict() as boolean })
	);
	await app.pass(2 * MINUTE);
	expect([runs, app.errors]).toEqual([0, []]);
	verdict = () => true;
	await app.pass(MINUTE);
	expect(runs).toBe(1);
	verdict = () => {
		throw new Error('no redis');
	};
	await app.pass(MINUTE);
	verdict = () => Promise.resolve(true);
	await app.pass(MINUTE);
	expect(runs).toBe(1);
	expect(app.errors).toMatchObject([{ message: 'no redis' }, { message: expect.stringContaining('gave a promise') }]);
});

it('does not run when it cannot be claimed', async () => {
	let runs = 0;
	await using app = await cluster(1, () => cron(() => void runs++));
	const claim = vi.spyOn(app.stores.idempotency, 'claim');
	claim.mockRejectedValueOnce(new Error('no store'));
	await app.pass(MINUTE);
	expect([runs, app.errors]).toMatchObject([0, [{ message: 'no store' }]]);
	await app.pass(MINUTE);
	expect(runs).toBe(1);
	claim.mockRestore();
});

it('takes no result of a run that another node has taken over meanwhile', async () => {
	const ends: ((value: string) => void)[] = [];
	const signals: AbortSignal[] = [];
	await using app = await cluster(1, () =>
		cron((ctx) => (signals.push(ctx.signal), new Promise((resolve) => ends.push(resolve))))
	);
	await app.pass(30_000);
	// As after a sleep in which its lease ran out.
	await app.stores.lease.drop('node 0');
	await app.stores.lease.hold('cron:m/job', 'node 1', 15_000);
	ends[0]!('stale');
	await settle();
	expect(app.published).toEqual([]);
	expect(app.errors).toMatchObject([{ code: 'LEASE_LOST' }]);
	await app.pass(MINUTE);
	await app.stores.lease.drop('node 0');
	await app.stores.lease.hold('cron:m/job', 'node 1', 15_000);
	await app.pass(10_000);
	expect(signals[1]?.aborted).toBe(true);
	expect(app.errors).toHaveLength(2);
});

it('stops with its removal, and aborts what runs', async () => {
	let signal: AbortSignal | undefined;
	await using app = await cluster(1, () => cron((ctx) => ((signal = ctx.signal), new Promise(() => {}))));
	await app.pass(MINUTE);
	app.runtimes[0]!.remove('m/job');
	expect(signal?.aborted).toBe(true);
	await app.pass(5 * MINUTE);
	expect(app.errors).toEqual([]);
	expect(app.published).toEqual([]);
});

it('is nothing that clients know of', async () => {
	await using server = await createRuntime({ 'm/job': cron(() => 1) });
	const client = await server.connect();
	expect(await client.ask({ rpc: 'm/job', id: '1' })).toMatchObject({ code: 'NOT_FOUND' });
	expect(await client.ask({ rpc: 'm/job', id: '2', stream: true })).toMatchObject({ code: 'NOT_FOUND' });
});

it.each([
	[() => live.cron('* * * *', 't', () => 1), /live\.cron: schedule is "\* \* \* \*".*5 fields/],
	[() => live.cron('61 * * * *', 't', () => 1), /61 is no minute/],
	[() => live.cron(5 as never, 't', () => 1), /schedule/],
	[() => live.cron('* * * * *', '__t', () => 1), /topic/],
	[() => live.cron('* * * * *', 't', 1 as never), /fn/],
	[() => live.cron('* * * * *', 't', () => 1, { tz: 'Mars/Base' }), /tz is "Mars\/Base"/],
	[() => live.cron('* * * * *', 't', () => 1, { timeoutMs: 0 }), /timeoutMs/],
	[() => live.cron('* * * * *', 't', () => 1, { jitterMs: -1 }), /jitterMs/],
	[() => live.cron('* * * * *', 't', () => 1, { catchUp: 1 as never }), /catchUp/],
	[() => live.cron('* * * * *', 't', () => 1, { timezone: 'UTC' } as never), /timezone/]
])('refuses a wrong definition with the field that is wrong (%#)', (define, message) => expect(define).toThrow(message));
