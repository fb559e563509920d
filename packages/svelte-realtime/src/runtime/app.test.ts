import { runInThisContext } from 'node:vm';
import { manualClock } from 'svelte-adapter-uws/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { generation } from '../build/emit/server-manifest.ts';
import { app } from '../define/app.ts';
import { guard, live } from '../define/live.ts';
import { LiveError } from '../shared/error.ts';

// What an app says of all its procedures is ambient; each test says its own, as a new version of an app does in dev.
afterEach(() => Reflect.deleteProperty(globalThis, Symbol.for('svelte-realtime.app')));

let ids = 0;
const id = (): string => String(ids++);
const rows = live.stream('rows', () => [1, 2]);

it('runs middleware around calls, streams and loads, in the order of registration, before guards', async () => {
	const order: string[] = [];
	for (const name of ['outer', 'inner'])
		live.middleware(async (ctx, next, path) => {
			order.push(`${name} ${path} ${ctx.user.id}`);
			const value = await next();
			order.push(`${name} got ${JSON.stringify(value)}`);
		});
	const open = guard(() => void order.push('guard'));
	await using runtime = await createRuntime({ 'm/call': live((_ctx, x: number) => x * 2), 'm/rows': rows }, open, { app: app() });
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/call', id: id(), args: [4] })).toMatchObject({ ok: true, data: 8 });
	expect(order).toEqual(['outer m/call ida', 'inner m/call ida', 'guard', 'inner got 8', 'outer got 8']);
	order.length = 0;
	expect(await client.ask({ rpc: 'm/rows', id: id(), stream: true })).toMatchObject({ ok: true, data: [1, 2], topic: 'rows' });
	expect(order.at(-1)).toBe('outer got [1,2]');
	order.length = 0;
	expect(await runtime.runtime.load('m/rows', runtime.platform, { user: { id: 'max' } })).toEqual([1, 2]);
	expect(order[0]).toBe('outer m/rows max');
});

it('replaces what a version of the app said by what the next one says', async () => {
	const order: string[] = [];
	for (const version of ['first', 'second']) {
		runInThisContext(generation);
		live.middleware((_ctx, next) => (order.push(version), next()));
		live.rateLimits(version === 'first' ? { default: { points: 1, window: 60_000 } } : null);
		await using runtime = await createRuntime({ 'm/call': live(() => version) }, undefined, { app: app() });
		const client = await runtime.connect('ida');
		expect(await client.ask({ rpc: 'm/call', id: id() })).toMatchObject({ data: version });
		const again = version === 'first' ? { code: 'RATE_LIMITED' } : { data: 'second' };
		expect(await client.ask({ rpc: 'm/call', id: id() })).toMatchObject(again);
	}
	expect(order).toEqual(['first', 'first', 'second', 'second']);
});

it('ends a call that middleware does not pass on, and refuses a stream', async () => {
	const run = vi.fn(() => 'ran');
	live.middleware((_ctx, _next, path) => (path === 'm/cached' ? 'cached' : undefined));
	await using runtime = await createRuntime({ 'm/cached': live(run), 'm/call': live(run), 'm/rows': rows }, undefined, {
		app: app()
	});
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/cached', id: 'c' })).toEqual({ id: 'c', ok: true, data: 'cached' });
	expect(await client.ask({ rpc: 'm/call', id: 'd' })).toEqual({ id: 'd', ok: true, data: null });
	expect(await client.ask({ rpc: 'm/rows', id: 's', stream: true })).toMatchObject({ ok: false, code: 'FORBIDDEN' });
	await expect(runtime.runtime.load('m/rows', runtime.platform, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
	expect(run).not.toHaveBeenCalled();
	expect(runtime.platform.subscribers('rows')).toBe(0);
});

it('replaces the result of a call, and passes on what middleware throws', async () => {
	live.middleware(async (_ctx, next, path) => {
		const value = await next();
		if (path === 'm/late') throw new LiveError('TOO_LATE');
		return path === 'm/call' ? [value] : undefined;
	});
	await using runtime = await createRuntime(
		{
			'm/call': live(() => 1),
			'm/late': live.stream('late', () => 1),
			'm/fails': live(() => {
				throw new LiveError('SOLD_OUT');
			})
		},
		undefined,
		{ app: app() }
	);
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/call', id: id() })).toMatchObject({ data: [1] });
	expect(await client.ask({ rpc: 'm/fails', id: id() })).toMatchObject({ code: 'SOLD_OUT' });
	expect(await client.ask({ rpc: 'm/late', id: id(), stream: true })).toMatchObject({ code: 'TOO_LATE' });
	expect(runtime.platform.subscribers('late')).toBe(0);
});

it('lets middleware catch what the rest throws, whichever way it is written', async () => {
	const fallback = 'caught';
	const kinds: Record<string, (next: () => Promise<unknown>) => unknown> = {
		'm/sync': (next) => next(),
		'm/catch': (next) => next().catch(() => fallback),
		'm/await': async (next) => {
			try {
				return await next();
			} catch {
				return fallback;
			}
		},
		'm/left': (next) => {
			void next();
			return fallback;
		},
		'm/later': async (next) => {
			await Promise.resolve();
			void next();
			return fallback;
		},
		'm/throws': (next) => {
			void next();
			throw new LiveError('MINE');
		}
	};
	live.middleware((_ctx, next, path) => kinds[path]!(next));
	live.middleware((_ctx, next) => next());
	const fails = live(() => {
		throw new LiveError('SOLD_OUT');
	});
	const definitions = Object.fromEntries(Object.keys(kinds).map((path) => [path, fails]));
	await using runtime = await createRuntime(definitions, undefined, { app: app() });
	const client = await runtime.connect('ida');
	for (const path of Object.keys(kinds)) {
		const { data, code } = await client.ask({ rpc: path, id: path });
		expect([path, data ?? code]).toEqual([path, path === 'm/sync' ? 'SOLD_OUT' : path === 'm/throws' ? 'MINE' : fallback]);
	}
	expect(runtime.errors).toEqual([]);
});

it('goes on once only, and not after the middleware has ended', async () => {
	const late: (() => Promise<unknown>)[] = [];
	const run = vi.fn(() => 'ran');
	live.middleware(async (_ctx, next, path) => {
		if (path === 'm/twice') await next();
		if (path === 'm/late') return void late.push(next);
		return next();
	});
	await using runtime = await createRuntime({ 'm/twice': live(run), 'm/late': live(run) }, undefined, { app: app() });
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/twice', id: id() })).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(runtime.errors).toEqual([['m/twice', new Error('A middleware of m/twice called next() twice.')]]);
	expect(await client.ask({ rpc: 'm/late', id: id() })).toMatchObject({ data: null });
	await expect(late[0]!()).rejects.toThrow('A middleware of m/late called next() after it had ended.');
	// Nobody waits for this one.
	void late[0]!();
	expect(run).toHaveBeenCalledOnce();
	expect(() => live.middleware(7 as never)).toThrow('live.middleware: fn is 7');
});

it('limits all calls that have no limit of their own', async () => {
	const rule = (points: number) => ({ points, window: 1_000 });
	live.rateLimits({ default: rule(1), overrides: { 'm/often': rule(3) }, exempt: ['m/free'] });
	const settings = app();
	const one = live(() => 1);
	const own = live.scoped(() => true, live.rateLimit(rule(2), one));
	await using runtime = await createRuntime(
		{ 'm/call': one, 'm/often': one, 'm/free': one, 'm/own': own, 'm/rows': rows },
		undefined,
		{ app: settings, clock: manualClock() }
	);
	const client = await runtime.connect('ida');
	const good = async (path: string): Promise<number> => {
		const replies = [];
		for (let i = 0; i < 5; i++) replies.push(await client.ask({ rpc: path, id: id() }));
		return replies.filter(({ ok }) => ok).length;
	};
	expect(await good('m/call')).toBe(1);
	expect(await good('m/often')).toBe(3);
	expect(await good('m/own')).toBe(2);
	expect(await good('m/free')).toBe(5);
	for (let i = 0; i < 3; i++) expect(await client.ask({ rpc: 'm/rows', id: id(), stream: true })).toMatchObject({ ok: true });
	expect(await client.ask({ rpc: 'm/call', id: id() })).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 1_000 });
	live.rateLimits(null);
	expect(await good('m/call')).toBe(5);
});

it('counts a limit with a store over all nodes', async () => {
	await using one = await createRuntime({ 'm/call': live.rateLimit({ points: 2, window: 60_000, store: 'cluster' }, () => 1) });
	const { rateLimit: store } = one.platform.stores;
	await using two = await createRuntime({ 'm/call': live.rateLimit({ points: 2, window: 60_000, store }, () => 1) });
	const [here, there] = [await one.connect('ida'), await two.connect('ida')];
	expect(await here.ask({ rpc: 'm/call', id: '1' })).toMatchObject({ ok: true });
	expect(await there.ask({ rpc: 'm/call', id: '1' })).toMatchObject({ ok: true });
	expect(await here.ask({ rpc: 'm/call', id: '2' })).toMatchObject({ code: 'RATE_LIMITED', retryAfter: expect.any(Number) });
	const max = await two.connect('max');
	expect(await max.ask({ rpc: 'm/call', id: '3' })).toMatchObject({ ok: true });
});

it.each([
	[{ default: { points: 0, window: 1 } }, 'live.rateLimits.default: points is 0'],
	[{ overrides: { 'a/b': { points: 1, window: -1 } } }, 'live.rateLimits.overrides["a/b"]: window is -1'],
	[{ exempt: [7] }, 'live.rateLimits: exempt is a list'],
	[{ other: 1 }, 'live.rateLimits: config is "other"'],
	[7, 'live.rateLimits: config is 7']
])('refuses limits that cannot work: %j', (config, message) => {
	expect(() => live.rateLimits(config as never)).toThrow(message);
	expect(app().rateLimits).toBeUndefined();
});

it('turns classes of requests away while the server is under pressure', async () => {
	live.admission({ classes: { background: ['MEMORY'], critical: ({ memoryMB }) => memoryMB > 100 } });
	const call = live((ctx, name: string) => ctx.shed(name));
	await using runtime = await createRuntime({ 'm/call': call }, undefined, { app: app() });
	const client = await runtime.connect('ida');
	const shed = async (name: string): Promise<unknown> => (await client.ask({ rpc: 'm/call', id: id(), args: [name] })).data;
	const press = (reason: string, memoryMB: number): unknown =>
		Object.defineProperty(runtime.platform, 'pressure', { value: { reason, memoryMB }, configurable: true });
	press('MEMORY', 50);
	expect([await shed('background'), await shed('critical')]).toEqual([true, false]);
	press('SUBSCRIBERS', 500);
	expect([await shed('background'), await shed('critical')]).toEqual([false, true]);
	expect(await client.ask({ rpc: 'm/call', id: id(), args: ['toString'] })).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(String(runtime.errors[0]![1])).toContain('There is no class of service "toString"');
	live.admission(null);
	expect(await shed('background')).toBe(false);
	expect(() => live.admission({ classes: { a: ['COLD' as never] } })).toThrow('live.admission: a is "COLD"');
	expect(() => live.admission({ classes: { a: 7 as never } })).toThrow('live.admission: a is 7');
	expect(() => live.admission({} as never)).toThrow('live.admission: classes is undefined');
});

it('warns once in development of calls that nobody waits for, unless they may be lost', async () => {
	for (const dev of [true, false]) {
		const warn = vi.fn();
		const volatile = live.scoped(
			() => true,
			live.volatile(() => {})
		);
		await using runtime = await createRuntime({ 'm/call': live(() => {}), 'm/move': volatile }, undefined, { dev, warn });
		const client = await runtime.connect('ida');
		for (const rpc of ['m/call', 'm/call', 'm/move']) client.say({ rpc, args: [] });
		expect(await client.ask({ rpc: 'm/move', id: 'last' })).toMatchObject({ ok: true });
		expect(warn.mock.calls.map(([text]) => String(text).split(' ')[0])).toEqual(dev ? ['m/call'] : []);
	}
});
