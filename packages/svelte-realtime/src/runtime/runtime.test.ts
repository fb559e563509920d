import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { guard, live } from '../define/live.ts';
import { standard } from '../features/standard.ts';
import type { Feature, Host } from './host.ts';
import { Runtime } from './runtime.ts';

it('replaces what is installed at a path, and knows it no more once it is removed', async () => {
	await using server = await createRuntime({ 'm/f': live(() => 'old') });
	const client = await server.connect();
	expect(await client.ask({ rpc: 'm/f', id: '1' })).toMatchObject({ data: 'old' });
	server.runtime.install(
		'm/f',
		live(() => 'new')
	);
	expect(await client.ask({ rpc: 'm/f', id: '2' })).toMatchObject({ data: 'new' });
	server.runtime.remove('m/f');
	expect(await client.ask({ rpc: 'm/f', id: '3' })).toMatchObject({ code: 'NOT_FOUND' });
	expect(() =>
		server.runtime.install(
			'bad path',
			live(() => 1)
		)
	).toThrow(/no path/);
});

it('imports a module once, and tries one that failed again at the next call', async () => {
	await using server = await createRuntime({});
	let attempts = 0;
	const reported: string[] = [];
	const runtime = new Runtime({
		platform: server.platform,
		features: standard,
		onError: (path) => void reported.push(path),
		manifest: [
			{
				path: 'm',
				load: async () => {
					if (++attempts === 1) throw new SyntaxError('typo');
					return { f: live(() => 1), _g: live(() => 2), plain: 3 };
				}
			}
		]
	});
	await runtime.ready();
	expect([attempts, reported]).toEqual([1, ['m']]);
	const replies: string[] = [];
	const ws = { sendOrClose: (frame: string) => void replies.push(frame), getUserData: () => ({}) } as never;
	for (const id of ['1', '2']) runtime.receive(ws, { platform: server.platform }, `{"rpc":"m/f","id":"${id}"}`);
	await vi.waitFor(() => expect(replies).toHaveLength(2));
	expect(attempts).toBe(2);
	expect(replies.every((frame) => frame.includes('"data":1'))).toBe(true);
	runtime.receive(ws, { platform: server.platform }, '{"rpc":"m/_g","id":"3"}');
	expect(replies.at(-1)).toContain('NOT_FOUND');
	runtime[Symbol.dispose]();
});

it('stops at the first check of a guard that denies, sync or not, and shows handlers what it added', async () => {
	const seen: string[] = [];
	const parts = (verdict: unknown) =>
		guard(
			{ authenticated: true },
			async (ctx) => void (seen.push('first'), Object.assign(ctx, { role: 'admin' })),
			() => (seen.push('second'), verdict)
		);
	for (const [verdict, expected] of [
		[undefined, { ok: true, data: 'admin' }],
		[false, { ok: false, code: 'FORBIDDEN' }]
	] as const) {
		await using server = await createRuntime({ 'm/f': live((ctx) => (ctx as { role?: string }).role) }, parts(verdict));
		expect(await (await server.connect('ida')).ask({ rpc: 'm/f', id: '1' })).toMatchObject(expected);
		expect(await (await server.connect()).ask({ rpc: 'm/f', id: '1' })).toMatchObject({ code: 'UNAUTHENTICATED' });
	}
	expect(seen).toEqual(['first', 'second', 'first', 'second']);
});

it('gives each load in process a signal of its own, so that listeners go with it', async () => {
	const signals: AbortSignal[] = [];
	await using server = await createRuntime({
		'm/s': live.stream('s', (ctx) => signals.push(ctx.signal, ctx.signal))
	});
	await server.runtime.load('m/s', server.platform, {});
	await server.runtime.load('m/s', server.platform, {});
	expect(signals.map((signal) => signal.aborted)).toEqual([false, false, false, false]);
	expect(signals.map((signal) => signals.indexOf(signal))).toEqual([0, 0, 2, 2]);
});

it('gives a handler its user, request id, and a signal that aborts with the connection', async () => {
	let signal: AbortSignal | undefined;
	await using server = await createRuntime({
		'm/f': live((ctx) => ((signal = ctx.signal), [ctx.user?.id ?? null, typeof ctx.requestId, ctx.ws !== null]))
	});
	const client = await server.connect('ida');
	expect(await client.ask({ rpc: 'm/f', id: '1' })).toMatchObject({ data: ['ida', 'string', true] });
	expect(signal?.aborted).toBe(false);
	await client.leave();
	expect(signal?.aborted).toBe(true);
	expect(await (await server.connect()).ask({ rpc: 'm/f', id: '2' })).toMatchObject({ data: [null, 'string', true] });
});

it('caps the calls of one connection that wait', async () => {
	const pending: (() => void)[] = [];
	await using server = await createRuntime({ 'm/slow': live(() => new Promise<void>((resolve) => pending.push(resolve))) });
	const client = await server.connect();
	for (let i = 0; i < 1000; i++) client.say({ rpc: 'm/slow', id: `w${i}` });
	expect(await client.ask({ rpc: 'm/slow', id: 'over' })).toMatchObject({ code: 'RATE_LIMITED' });
	for (const resolve of pending) resolve();
	await vi.waitFor(() => expect(client.frames.filter((frame) => frame.data?.ok)).toHaveLength(1000));
});

it('contains an onError that throws', async () => {
	const print = vi.spyOn(console, 'error').mockImplementation(() => {});
	await using server = await createRuntime({});
	const runtime = new Runtime({
		platform: server.platform,
		features: standard,
		onError: () => {
			throw new Error('reporter');
		}
	});
	runtime.install(
		'm/f',
		live(() => {
			throw new Error('handler');
		})
	);
	const replies: string[] = [];
	runtime.receive(
		{ sendOrClose: (frame: string) => void replies.push(frame), getUserData: () => ({}) } as never,
		{ platform: server.platform },
		'{"rpc":"m/f","id":"1"}'
	);
	expect(replies[0]).toContain('INTERNAL_ERROR');
	expect(print).toHaveBeenCalledOnce();
	print.mockRestore();
});

it('waits longer than a timer of the machine can', async () => {
	let after: Host['after'] | undefined;
	const probe: Feature<any> = { kind: 'probe', install: (host) => ((after = host.after), { [Symbol.dispose]() {} }) };
	await using server = await createRuntime({}, undefined, { features: [probe] });
	server.runtime.install('m/probe', { kind: 'probe' } as never);
	vi.useFakeTimers();
	try {
		const month = 31 * 86_400_000;
		const run = vi.fn();
		after!(month, run);
		const disposed = after!(month, run);
		vi.advanceTimersByTime(month - 1);
		expect(run).not.toHaveBeenCalled();
		disposed[Symbol.dispose]();
		vi.advanceTimersByTime(2 * month);
		expect(run).toHaveBeenCalledOnce();
	} finally {
		vi.useRealTimers();
	}
});
