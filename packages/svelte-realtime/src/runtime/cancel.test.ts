import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import type { Context } from '../define/context.ts';
import { live } from '../define/live.ts';

/** Handlers that go on until somebody ends them. */
function waiting() {
	const seen: Context[] = [];
	const wait = (ctx: Context): Promise<never> => {
		seen.push(ctx);
		return new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)));
	};
	return { seen, wait };
}
const CANCELLED = { ok: false, code: 'CANCELLED', error: 'Cancelled' };

it('aborts the signal of a call that its client cancels, and of no other', async () => {
	const { seen, wait } = waiting();
	await using runtime = await createRuntime({ 'm/wait': live(wait) });
	const [ida, max] = [await runtime.connect('ida'), await runtime.connect('max')];
	const first = ida.ask({ rpc: 'm/wait', id: '1' });
	ida.say({ rpc: 'm/wait', id: '2' });
	max.say({ rpc: 'm/wait', id: '1' });
	await vi.waitFor(() => expect(seen).toHaveLength(3));
	ida.say({ rpc: '__rpc/cancel', args: ['1', 'unknown', null, 7] });
	expect(await first).toEqual({ id: '1', ...CANCELLED });
	expect(seen.map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
	expect(runtime.errors).toEqual([]);
	await max.leave();
	expect(seen.map(({ signal }) => signal.aborted)).toEqual([true, false, true]);
});

it('answers in its own words where a handler does not care, or fails otherwise', async () => {
	const gate = Promise.withResolvers<string>();
	const calls = vi.fn();
	await using runtime = await createRuntime({
		'm/deaf': live(async () => (calls(), gate.promise)),
		'm/fails': live(async (ctx) => {
			calls();
			await gate.promise;
			// Read for the first time when it has been cancelled already.
			ctx.signal.throwIfAborted();
		}),
		'm/odd': live(async () => {
			calls();
			await gate.promise;
			throw new DOMException('interrupted', 'AbortError');
		})
	});
	const client = await runtime.connect('ida');
	const replies = ['deaf', 'fails', 'odd'].map((name) => client.ask({ rpc: `m/${name}`, id: name }));
	await vi.waitFor(() => expect(calls).toHaveBeenCalledTimes(3));
	client.say({ rpc: '__rpc/cancel', args: ['deaf', 'fails', 'odd'] });
	// What the client says next has been heard after it.
	await client.ask({ rpc: 'm/none', id: 'after' });
	gate.resolve('done');
	expect(await Promise.all(replies)).toEqual([
		{ id: 'deaf', ok: true, data: 'done' },
		{ id: 'fails', ...CANCELLED },
		{ id: 'odd', ...CANCELLED }
	]);
	expect(runtime.errors).toEqual([]);
});

it('gives up a stream that is cancelled while it loads', async () => {
	const gate = Promise.withResolvers<number[]>();
	const load = vi.fn(() => gate.promise);
	await using runtime = await createRuntime({ 'm/rows': live.stream('rows', load) });
	const client = await runtime.connect('ida');
	const reply = client.ask({ rpc: 'm/rows', id: 's', stream: true });
	await vi.waitFor(() => expect(load).toHaveBeenCalledOnce());
	client.say({ rpc: '__rpc/cancel', args: ['s'] });
	await client.ask({ rpc: 'm/none', id: 'after' });
	gate.resolve([1]);
	expect(await reply).toEqual({ id: 's', ...CANCELLED });
	expect(runtime.platform.subscribers('rows')).toBe(0);
});

it('answers nothing to cancels, whatever they hold', async () => {
	await using runtime = await createRuntime({ 'm/echo': live(() => 1) });
	const client = await runtime.connect('ida');
	for (const args of [undefined, null, {}, 'x', [], [{}], ['__proto__']]) client.say({ rpc: '__rpc/cancel', args });
	expect(await client.ask({ rpc: 'm/echo', id: 'e' })).toMatchObject({ ok: true });
	expect(client.frames.filter(({ topic }) => topic === '__rpc')).toHaveLength(1);
	expect(await client.ask({ rpc: '__rpc/cancel', id: 'c', args: [] })).toMatchObject({ code: 'NOT_FOUND' });
});

it('begins nothing of a batch in order that is cancelled before its turn, and cancels all requests of one id', async () => {
	const { seen, wait } = waiting();
	const run = vi.fn();
	await using runtime = await createRuntime({ 'm/wait': live(wait), 'm/run': live(run) });
	const client = await runtime.connect('ida');
	client.say({ batch: ['1', '2', '3'].map((id) => ({ rpc: id === '1' ? 'm/wait' : 'm/run', id })), sequential: true });
	client.say({ rpc: 'm/wait', id: '1' });
	await vi.waitFor(() => expect(seen).toHaveLength(2));
	client.say({ rpc: '__rpc/cancel', args: ['2', '1'] });
	await vi.waitFor(() => expect(client.frames.map(({ event }) => event)).toEqual([undefined, '1', '__batch']));
	expect(client.frames[1].data).toMatchObject(CANCELLED);
	expect(client.frames[2].data.batch).toMatchObject([CANCELLED, CANCELLED, { id: '3', ok: true }]);
	expect(run).toHaveBeenCalledOnce();
});

it('gives up a place in the queue for a lock, and lets the next one in', async () => {
	const gate = Promise.withResolvers<void>();
	const ran: string[] = [];
	const call = live.lock('the one', async (ctx) => {
		ran.push(ctx.user.id as string);
		await gate.promise;
	});
	await using runtime = await createRuntime({ 'm/call': call });
	const [ida, max, eva] = [await runtime.connect('ida'), await runtime.connect('max'), await runtime.connect('eva')];
	const first = ida.ask({ rpc: 'm/call', id: '1' });
	await vi.waitFor(() => expect(ran).toEqual(['ida']));
	const second = max.ask({ rpc: 'm/call', id: '1' });
	// What one connection says comes in order, so it waits by the time this is answered.
	await max.ask({ rpc: 'm/none', id: 'after' });
	const third = eva.ask({ rpc: 'm/call', id: '1' });
	await eva.ask({ rpc: 'm/none', id: 'after' });
	max.say({ rpc: '__rpc/cancel', args: ['1'] });
	expect(await second).toMatchObject(CANCELLED);
	gate.resolve();
	expect([await first, await third]).toMatchObject([{ ok: true }, { ok: true }]);
	expect(ran).toEqual(['ida', 'eva']);
	expect(runtime.errors).toEqual([]);
});
