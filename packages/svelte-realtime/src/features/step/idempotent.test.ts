import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import { LiveError } from '../../shared/error.ts';

let ids = 0;
type Server = Awaited<ReturnType<typeof createRuntime>>;

/** What a client hears when it calls `path` with a key of its own. */
async function ask(server: Server, user: string, key: unknown, args: unknown[] = [], path = 'm/call'): Promise<any> {
	const client = await server.connect(user);
	const { id: _, ...reply } = await client.ask({ rpc: path, id: String(ids++), args, idempotencyKey: key });
	return reply;
}

it('runs a call once for each key, user and procedure, and gives repeats its result', async () => {
	const run = vi.fn((_ctx: unknown, ...args: unknown[]) => ({ order: run.mock.calls.length, args }));
	const call = live.idempotent({}, run);
	await using server = await createRuntime({ 'm/call': call, 'm/other': call });
	const first = await ask(server, 'ida', 'k', [1]);
	expect(first).toEqual({ ok: true, data: { order: 1, args: [1] } });
	expect(await ask(server, 'ida', 'k', [1])).toEqual(first);
	expect((await ask(server, 'max', 'k', [1])).data.order).toBe(2);
	expect((await ask(server, 'ida', 'k', [1], 'm/other')).data.order).toBe(3);
	expect((await ask(server, 'ida', undefined, [1])).data.order).toBe(4);
	expect((await ask(server, 'ida', '', [1])).data.order).toBe(5);
	// Nobody is everybody: a key of one stranger says nothing to another.
	expect((await ask(server, '', 'k', [1])).data.order).toBe(6);
	expect((await ask(server, '', 'k', [1])).data.order).toBe(7);
});

it('tells users and keys apart wherever one ends and the other begins', async () => {
	const run = vi.fn(() => run.mock.calls.length);
	await using server = await createRuntime({ 'm/call': live.idempotent({}, run) });
	expect((await ask(server, 'ida', 'x:k')).data).toBe(1);
	expect((await ask(server, 'ida:x', 'k')).data).toBe(2);
	expect((await ask(server, 'ida', 'x:k')).data).toBe(1);
});

it('refuses a key that was used with other arguments, and keys that are none', async () => {
	await using server = await createRuntime({ 'm/call': live.idempotent({}, () => 'done') });
	expect(await ask(server, 'ida', 'k', [{ amount: 1 }])).toMatchObject({ ok: true });
	expect(await ask(server, 'ida', 'k', [{ amount: 2 }])).toMatchObject({ ok: false, code: 'CONFLICT' });
	expect(await ask(server, 'ida', 7)).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
	expect(await ask(server, 'ida', 'x'.repeat(257))).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
});

it('lets calls at the same time wait for the first, and refuses those with other arguments', async () => {
	for (const ttl of [0, 60]) {
		const gate = Promise.withResolvers<string>();
		const run = vi.fn((_ctx: unknown, _of: number) => gate.promise);
		await using server = await createRuntime({ 'm/call': live.idempotent({ ttl }, run) });
		const same = [ask(server, 'ida', 'k', [1]), ask(server, 'ida', 'k', [1])];
		await vi.waitFor(() => expect(run).toHaveBeenCalledOnce());
		expect(await ask(server, 'ida', 'k', [2])).toMatchObject({ code: 'CONFLICT' });
		gate.resolve('done');
		expect((await Promise.all(same)).map(({ data }) => data)).toEqual(['done', 'done']);
		expect(run).toHaveBeenCalledOnce();
		await ask(server, 'ida', 'k', [1]);
		expect(run).toHaveBeenCalledTimes(ttl === 0 ? 2 : 1);
	}
});

it('waits for the result of another node that is at work on the same call', async () => {
	const gate = Promise.withResolvers<string>();
	const run = vi.fn(() => gate.promise);
	await using one = await createRuntime({ 'm/call': live.idempotent({}, run) });
	const { idempotency: store } = one.platform.stores;
	await using two = await createRuntime({ 'm/call': live.idempotent({ store }, run) });
	const [here, there] = [ask(one, 'ida', 'k', [1]), ask(two, 'ida', 'k', [1])];
	await vi.waitFor(() => expect(run).toHaveBeenCalledOnce());
	gate.resolve('done');
	expect(await here).toEqual({ ok: true, data: 'done' });
	expect(await there).toEqual({ ok: true, data: 'done' });
	expect(run).toHaveBeenCalledOnce();
});

it('lets a call that failed be tried again', async () => {
	let tries = 0;
	const call = live.idempotent({}, () => {
		if (++tries === 1) throw new LiveError('SOLD_OUT');
		return tries;
	});
	await using server = await createRuntime({ 'm/call': call });
	expect(await ask(server, 'ida', 'k')).toMatchObject({ ok: false, code: 'SOLD_OUT' });
	expect(await ask(server, 'ida', 'k')).toEqual({ ok: true, data: 2 });
});

it('takes the key of keyFrom for all users, whatever the client sends', async () => {
	const run = vi.fn((_ctx: unknown, ref: string) => `${ref} ${run.mock.calls.length}`);
	await using server = await createRuntime({ 'm/call': live.idempotent({ keyFrom: async (_ctx, ref: string) => ref }, run) });
	expect(await ask(server, 'ida', 'a', ['r'])).toEqual({ ok: true, data: 'r 1' });
	expect(await ask(server, 'max', 'b', ['r'])).toEqual({ ok: true, data: 'r 1' });
	expect(await ask(server, 'max', 'b', [''])).toEqual({ ok: true, data: ' 2' });
	expect(await ask(server, 'max', 'b', [''])).toEqual({ ok: true, data: ' 3' });
});

it('runs nothing without its store, and tells of a result that could not be kept', async () => {
	const broken = (what: string) => () => Promise.reject(new Error(what));
	const store = { claim: broken('claim'), settle: broken('settle'), abandon: broken('abandon'), forget: broken('forget') };
	const run = vi.fn(() => 'done');
	const half = { ...store, claim: () => Promise.resolve({ state: 'claimed', token: 't' } as const) };
	await using server = await createRuntime({
		'm/call': live.idempotent({ store }, run),
		'm/half': live.idempotent({ store: half }, run)
	});
	expect(await ask(server, 'ida', 'k')).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(run).not.toHaveBeenCalled();
	expect(await ask(server, 'ida', 'k', [], 'm/half')).toEqual({ ok: true, data: 'done' });
	expect(server.errors.map(([path, error]) => [path, (error as Error).message])).toEqual([
		['m/call', 'claim'],
		['m/half', 'The result of an idempotent call could not be kept.']
	]);
});

it('spends no points and checks nothing where the result is known', async () => {
	const call = live.idempotent(
		{},
		live.rateLimit({ points: 1, window: 60_000 }, () => 'done')
	);
	await using server = await createRuntime({ 'm/call': call });
	for (let i = 0; i < 3; i++) expect(await ask(server, 'ida', 'k')).toEqual({ ok: true, data: 'done' });
	expect(await ask(server, 'ida', 'other')).toMatchObject({ code: 'RATE_LIMITED' });
});

it('takes the bytes of a call for arguments as well', async () => {
	const call = live.idempotent(
		{},
		live.binary((_ctx, bytes) => bytes.byteLength)
	);
	await using server = await createRuntime({ 'm/call': call });
	const client = await server.connect('ida');
	const send = async (id: string, ...bytes: number[]): Promise<any> => {
		const header = new TextEncoder().encode(JSON.stringify({ rpc: 'm/call', id, idempotencyKey: 'k' }));
		client.peer.send(Uint8Array.of(0, header.length >> 8, header.length & 255, ...header, ...bytes));
		return vi.waitFor(() => {
			const reply = client.frames.find(({ event }) => event === id);
			expect(reply).toBeDefined();
			return reply.data;
		});
	};
	expect(await send('1', 1, 2, 3)).toMatchObject({ data: 3 });
	expect(await send('2', 1, 2, 3)).toMatchObject({ data: 3 });
	expect(await send('3', 1, 2, 4)).toMatchObject({ code: 'CONFLICT' });
});

it('refuses options that cannot work', () => {
	const make = (options: any) => () => live.idempotent(options, () => 1);
	expect(make({ key: 'x' })).toThrow('live.idempotent: options is "key", expected keyFrom: key belongs to live.lock.');
	expect(make({ keyFrom: 'x' })).toThrow('live.idempotent: keyFrom is "x", expected a function (ctx, ...args) => text.');
	expect(make({ ttl: -1 })).toThrow('live.idempotent: ttl is -1, expected seconds from 0.');
	expect(make({ store: {} })).toThrow('live.idempotent: store is an object, expected an object with claim');
	expect(make(null)).toThrow('live.idempotent: options is null');
});

it('runs a call again for a client that comes back while the run of its lost connection gives up', async () => {
	let runs = 0;
	const call = live.idempotent({}, async (ctx) => {
		if (++runs > 1) return 'done';
		await new Promise((_resolve, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('aborted'))));
	});
	await using server = await createRuntime({ 'm/call': call, 'm/other': live.idempotent({}, () => 1) });
	const lost = await server.connect('ida');
	lost.say({ rpc: 'm/call', id: '1', args: [], idempotencyKey: 'k' });
	await vi.waitFor(() => expect(runs).toBe(1));
	const back = await server.connect('ida');
	const again = back.ask({ rpc: 'm/call', id: '2', args: [], idempotencyKey: 'k' });
	// What was sent before this is waiting by now.
	await back.ask({ rpc: 'm/other', id: '3', args: [], idempotencyKey: 'k' });
	lost.peer.close();
	expect(await again).toMatchObject({ ok: true, data: 'done' });
	expect(runs).toBe(2);
});
