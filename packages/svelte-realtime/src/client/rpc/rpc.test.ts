import { expect, expectTypeOf, it } from 'vitest';
import { scripted, turn, replyTo } from '../../../test/client/scripted-client.ts';
import { RpcError } from '../../shared/error.ts';
import { createRpcCall, type RpcCall } from './call.ts';
import { MAX_QUEUED_FRAMES } from './pending.ts';

function setUp(settings = {}) {
	const parts = scripted(settings);
	const rpc = <Args extends unknown[] = any[], Out = any>(path: string): RpcCall<Args, Out> =>
		createRpcCall(() => parts.live.calls, path);
	return { ...parts, rpc };
}
const code = (promise: Promise<unknown>): Promise<unknown> =>
	promise.then(
		() => 'resolved',
		(error: unknown) => (error instanceof RpcError ? error.code : error)
	);

it('sends a call and resolves with its answer', async () => {
	const { client, rpc } = setUp();
	client.open();
	const answer = rpc('todos/add')('milk', 2);
	const [request] = client.requests();
	expect(request).toEqual({ rpc: 'todos/add', id: expect.any(String), args: ['milk', 2] });
	client.reply(request!['id'], { data: { id: 7 } });
	expect(await answer).toEqual({ id: 7 });
});

it('writes rpc as the first key, which is how the server knows the frame', () => {
	const { client, rpc } = setUp();
	client.open();
	void rpc('a/b')();
	expect(Object.keys(client.sent[0]!)[0]).toBe('rpc');
});

it('rejects with an RpcError that carries code, message, issues and retryAfter', async () => {
	const { client, rpc } = setUp();
	client.open();
	const answer = rpc('todos/add')('');
	client.reply(client.requests()[0]!['id'], {
		ok: false,
		code: 'VALIDATION',
		error: 'title required',
		issues: [{ path: ['title'], message: 'required' }],
		retryAfter: 850
	});
	const error = await answer.catch((caught: unknown) => caught);
	expect(error).toBeInstanceOf(RpcError);
	expect(error).toMatchObject({
		code: 'VALIDATION',
		message: 'title required',
		issues: [{ path: ['title'], message: 'required' }],
		retryAfter: 850
	});
});

it('ignores answers that nobody waits for, and frames that are no answers', () => {
	const { client } = setUp();
	client.open();
	for (const data of [null, 1, 'x', [], {}, { ok: true }, { ok: 'yes' }, { batch: 1 }, { batch: [null, 3, {}] }]) {
		for (const event of ['nobody', '__batch', '__proto__', 'constructor']) client.frame({ topic: '__rpc', event, data });
	}
	expect(client.sent).toEqual([]);
});

it('shares one request between equal calls of one microtask only', async () => {
	const { client, rpc } = setUp();
	client.open();
	const add = rpc('a/b');
	const first = add({ x: 1 });
	const second = add({ x: 1 });
	expect(second).toBe(first);
	await turn();
	void add({ x: 1 });
	expect(client.requests()).toHaveLength(2);
});

it('tells arguments of different types apart', () => {
	const { client, rpc } = setUp();
	client.open();
	const call = rpc('a/b');
	for (const argument of [1, '1', true, 'true', null, undefined, 'null', [], [undefined], ['u'], {}]) void call(argument);
	expect(client.requests()).toHaveLength(11);
});

it('never shares fresh calls, nor calls with a time-out of their own, but those with one idempotency key', () => {
	const { client, rpc } = setUp();
	client.open();
	const call = rpc('a/b');
	void call.fresh(1);
	void call.fresh(1);
	void call.with({ timeout: 5 })(1);
	void call.with({ timeout: 5 })(1);
	void call.with({ idempotencyKey: 'k' })(1);
	void call.with({ idempotencyKey: 'k', timeout: 9 })(2);
	expect(client.requests().map((request) => request['idempotencyKey'])).toEqual([
		undefined,
		undefined,
		undefined,
		undefined,
		'k'
	]);
});

it('rejects TIMEOUT after 30 seconds, or after what configure and with say', async () => {
	const { client, clock, rpc } = setUp();
	client.open();
	const slow = code(rpc('a/slow')());
	const quick = code(rpc('a/quick').with({ timeout: 100 })());
	clock.advance(100);
	expect(await quick).toBe('TIMEOUT');
	clock.advance(29_899);
	void slow.then((result) => expect(result).toBe('TIMEOUT'));
	expect(clock.pending).toBe(1);
	clock.advance(1);
	expect(await slow).toBe('TIMEOUT');
	const configured = setUp({ timeout: 50 });
	const call = code(configured.rpc('a/b')());
	configured.clock.advance(50);
	expect(await call).toBe('TIMEOUT');
});

it('tells the server that nobody waits any more when a call or a batch runs out of time', async () => {
	const { client, clock, rpc, live } = setUp({ timeout: 100 });
	client.open();
	const one = code(rpc('a/one')());
	const both = code(live.calls.batch(() => [rpc('a/two')(), rpc('a/three')()], false));
	const [x, y, z] = client.requests();
	client.reply(y!['id'], { data: 2 });
	clock.advance(100);
	expect([await one, await both]).toEqual(['TIMEOUT', 'TIMEOUT']);
	expect(client.sent.slice(2)).toEqual([
		{ rpc: '__rpc/cancel', args: [x!['id']] },
		{ rpc: '__rpc/cancel', args: [z!['id']] }
	]);
	client.drop();
	const never = code(rpc('a/four')());
	clock.advance(100);
	expect(await never).toBe('TIMEOUT');
	client.open();
	expect(client.sent).toHaveLength(4);
});

it('says DISCONNECTED when the device slept through the time-out', async () => {
	const { client, clock, rpc } = setUp();
	client.open();
	const call = code(rpc('a/b')());
	clock.sleep(90_001);
	expect(await call).toBe('DISCONNECTED');
});

it('rejects DISCONNECTED when the connection is lost before the answer, and holds no timer then', async () => {
	const { client, clock, rpc } = setUp();
	client.open();
	const call = code(rpc('a/b')());
	client.drop();
	expect(await call).toBe('DISCONNECTED');
	expect(clock.pending).toBe(0);
});

it('keeps calls that are made offline, in order, and sends them when the connection opens', async () => {
	const { client, rpc } = setUp();
	const first = rpc('a/one')();
	const second = rpc('a/two')();
	client.open();
	expect(client.requests().map((request) => request['rpc'])).toEqual(['a/one', 'a/two']);
	client.frame(...client.requests().map((request) => replyTo(request['id'], { data: request['rpc'] })));
	expect(await Promise.all([first, second])).toEqual(['a/one', 'a/two']);
});

it('keeps calls that were never sent through a second loss of the connection', async () => {
	const { client, rpc } = setUp();
	client.open();
	client.drop();
	const call = rpc('a/b')();
	client.drop();
	client.open();
	client.reply(client.requests()[0]!['id'], { data: 1 });
	expect(await call).toBe(1);
});

it('never sends a call that ran out of time while offline', async () => {
	const { client, clock, rpc } = setUp();
	const call = code(rpc('bank/transfer')(100));
	clock.advance(30_000);
	expect(await call).toBe('TIMEOUT');
	client.open();
	expect(client.sent).toEqual([]);
});

it('gives the oldest up with QUEUE_FULL when too many wait', async () => {
	const { client, rpc } = setUp();
	const calls = Array.from({ length: MAX_QUEUED_FRAMES + 1 }, (_, i) => code(rpc('a/b')(i)));
	expect(await calls[0]).toBe('QUEUE_FULL');
	client.open();
	expect(client.requests()).toHaveLength(MAX_QUEUED_FRAMES);
	expect(client.requests()[0]!['args']).toEqual([1]);
});

it('refuses a call that the server would not take, naming size, cap and option', async () => {
	const { client, rpc } = setUp();
	client.open();
	client.maxPayloadLength = 100;
	const error = (await rpc('a/b')('é'.repeat(40)).catch((caught: unknown) => caught)) as RpcError;
	expect(error.code).toBe('PAYLOAD_TOO_LARGE');
	const bytes = Number(/takes (\d+) bytes/.exec(error.message)?.[1]);
	expect(bytes).toBeGreaterThan(100);
	expect(error.message).toContain('100');
	expect(error.message).toContain('maxPayloadLength');
	expect(client.sent).toEqual([]);
	client.maxPayloadLength = bytes;
	void rpc('a/b')('é'.repeat(40));
	expect(client.sent).toHaveLength(1);
});

it('refuses arguments that JSON cannot carry with INVALID_REQUEST', async () => {
	const { client, rpc } = setUp();
	client.open();
	const circle: Record<string, unknown> = {};
	circle['self'] = circle;
	expect(await code(rpc('a/b')(1n))).toBe('INVALID_REQUEST');
	expect(await code(rpc('a/b').fresh(circle))).toBe('INVALID_REQUEST');
	expect(() => rpc('a/b').fireAndForget(1n)).toThrow(RpcError);
	expect(client.sent).toEqual([]);
});

it('rejects CONNECTION_CLOSED once the client has failed for good, every time, until it opens again', async () => {
	const { client, clock, rpc } = setUp();
	client.open();
	const sent = code(rpc('a/b')(1));
	client.drop();
	const queued = code(rpc('a/b')(2));
	client.fail({ kind: 'ws-close', class: 'TERMINAL', code: 4401, reason: 'signed out' });
	expect([await sent, await queued]).toEqual(['DISCONNECTED', 'CONNECTION_CLOSED']);
	expect(await code(rpc('a/b')(3))).toBe('CONNECTION_CLOSED');
	client.open();
	const works = rpc('a/b')(4);
	client.reply(client.requests().at(-1)!['id'], { data: 'fine' });
	expect(await works).toBe('fine');
	const again = code(rpc('a/b')(5));
	client.fail();
	expect(await again).toBe('CONNECTION_CLOSED');
	expect(await code(rpc('a/b')(6))).toBe('CONNECTION_CLOSED');
	expect(clock.pending).toBe(0);
});

it('sends fire-and-forget calls without an id, and drops them offline and while the socket is congested', () => {
	const { client, clock, rpc } = setUp();
	const move = rpc('cursor/move');
	move.fireAndForget(0, 0);
	client.open();
	move.fireAndForget(1, 1);
	client.bufferedAmount = 4 * 1024 * 1024 + 1;
	move.fireAndForget(2, 2);
	client.fail();
	move.fireAndForget(3, 3);
	expect(client.sent).toEqual([{ rpc: 'cursor/move', args: [1, 1] }]);
	expect(clock.pending).toBe(0);
});

it('sends the calls of a batch as one frame and resolves with all answers in order', async () => {
	const { client, rpc, live } = setUp();
	client.open();
	const all = live.calls.batch(() => [rpc<[number], string>('a/one')(1), rpc<[number], number>('a/two')(2)], true);
	expectTypeOf(all).resolves.toEqualTypeOf<[string, number]>();
	expect(client.sent).toEqual([
		{
			batch: [
				{ rpc: 'a/one', id: expect.any(String), args: [1] },
				{ rpc: 'a/two', id: expect.any(String), args: [2] }
			],
			sequential: true
		}
	]);
	const [one, two] = client.requests();
	client.frame({
		topic: '__rpc',
		event: '__batch',
		data: {
			batch: [
				{ id: one!['id'], ok: true, data: 'x' },
				{ id: two!['id'], ok: true, data: 2 }
			]
		}
	});
	expect(await all).toEqual(['x', 2]);
});

it('lets each call of a batch end for itself', async () => {
	const { client, rpc, live } = setUp();
	client.open();
	const calls: Promise<unknown>[] = [];
	const all = code(
		live.calls.batch(() => {
			calls.push(rpc('a/one')(), rpc('a/two')());
			return calls;
		}, false)
	);
	const [one, two] = client.requests();
	client.frame({
		topic: '__rpc',
		event: '__batch',
		data: {
			batch: [
				{ id: one!['id'], ok: false, code: 'NOT_FOUND', error: 'no' },
				{ id: two!['id'], ok: true, data: 2 }
			]
		}
	});
	expect(await all).toBe('NOT_FOUND');
	expect(await calls[1]).toBe(2);
	expect(client.sent[0]).not.toHaveProperty('sequential');
});

it('sends nothing for an empty batch, a plain frame for one call, and refuses more than 50', async () => {
	const { client, rpc, live } = setUp();
	client.open();
	expect(await live.calls.batch(() => [], false)).toEqual([]);
	expect(client.sent).toEqual([]);
	void live.calls.batch(() => [rpc('a/b')()], false);
	expect(client.sent).toEqual([{ rpc: 'a/b', id: expect.any(String), args: [] }]);
	const many = Array.from({ length: 51 }, (_, i) => i);
	expect(await code(live.calls.batch(() => many.map((i) => rpc('a/b')(i)), false))).toBe('INVALID_REQUEST');
	expect(client.sent).toHaveLength(1);
});

it('sends nothing of a batch whose function throws, and passes the error on', async () => {
	const { client, rpc, live } = setUp();
	client.open();
	let inside: Promise<unknown> | undefined;
	const failed = live.calls.batch(() => {
		inside = rpc('a/b')(1);
		throw new Error('collector broke');
	}, false);
	void rpc('a/b')(1);
	await expect(failed).rejects.toThrow('collector broke');
	expect(await code(inside!)).toBe('CANCELLED');
	expect(client.sent).toEqual([{ rpc: 'a/b', id: expect.any(String), args: [1] }]);
});

it('throws for fire-and-forget inside a batch', async () => {
	const { client, rpc, live } = setUp();
	client.open();
	expect(await code(live.calls.batch(() => [rpc('a/b').fireAndForget()], false))).toBe('INVALID_REQUEST');
});

it('ends its calls, its timers and its listeners when it is closed', async () => {
	const { client, clock, rpc, live } = setUp();
	client.open();
	const call = code(rpc('a/b')());
	live.close();
	expect(await call).toBe('CONNECTION_CLOSED');
	expect([clock.pending, client.listeners]).toEqual([0, 0]);
});

it('calls onDisconnect when the connection is lost and onConnect when it is back, but not for the first open', () => {
	const heard: string[] = [];
	const { client } = setUp({ onConnect: () => heard.push('connect'), onDisconnect: () => heard.push('disconnect') });
	client.open();
	client.drop();
	client.drop();
	client.open();
	client.fail();
	expect(heard).toEqual(['disconnect', 'connect', 'disconnect']);
});

it('cancels a call that has left, tells the server, and says that it may have been carried out', async () => {
	const { client, rpc } = setUp();
	client.open();
	const controller = new AbortController();
	const cancelled = rpc('a/b').with({ signal: controller.signal })(1);
	const other = rpc('a/b')(1);
	const [first, second] = client.requests();
	expect(second).toBeDefined();
	controller.abort(new Error('enough'));
	expect(await cancelled.catch((error: unknown) => error)).toMatchObject({
		code: 'CANCELLED',
		message: 'a/b was cancelled. It may have been carried out.',
		cause: new Error('enough'),
		indeterminate: true
	});
	expect(client.sent.at(-1)).toEqual({ rpc: '__rpc/cancel', args: [first!['id']] });
	client.reply(first!['id'], { data: 'late' });
	client.reply(second!['id'], { data: 'here' });
	expect(await other).toBe('here');
});

it('never sends a call that is cancelled before it leaves', async () => {
	const { client, rpc } = setUp();
	const controller = new AbortController();
	const { signal } = controller;
	const waiting = rpc('a/b').with({ signal })(1);
	controller.abort();
	expect(await waiting.catch((error: unknown) => error)).toMatchObject({ code: 'CANCELLED', indeterminate: false });
	expect(
		await rpc('a/b')
			.with({ signal })(1)
			.catch((error: unknown) => error)
	).toMatchObject({
		code: 'CANCELLED',
		indeterminate: false
	});
	client.open();
	expect(client.sent).toEqual([]);
});

it('cancels one call of a batch, and nothing once it is answered', async () => {
	const { client, rpc, live } = setUp();
	client.open();
	const controller = new AbortController();
	let one!: Promise<unknown>;
	let two!: Promise<unknown>;
	const both = live.calls.batch(() => [(one = rpc('a/b').with({ signal: controller.signal })()), (two = rpc('a/c')())], false);
	const [x, y] = client.sent[0]!['batch'] as { id: string }[];
	client.reply(y!.id, { data: 2 });
	expect(await two).toBe(2);
	controller.abort();
	expect(await code(one)).toBe('CANCELLED');
	expect(await code(both)).toBe('CANCELLED');
	expect(client.sent.slice(1)).toEqual([{ rpc: '__rpc/cancel', args: [x!.id] }]);
	const later = new AbortController();
	const done = rpc('a/d').with({ signal: later.signal })();
	client.reply(client.sent.at(-1)!['id'], { data: 3 });
	expect(await done).toBe(3);
	later.abort();
	expect(client.sent).toHaveLength(3);
});

it('says of a call that was lost whether it may have been carried out', async () => {
	const { client, rpc } = setUp();
	client.open();
	const sent = rpc('a/b')();
	client.drop();
	expect(await sent.catch((error: unknown) => error)).toMatchObject({ code: 'DISCONNECTED', indeterminate: true });
	const never = rpc('a/c')();
	client.fail();
	expect(await never.catch((error: unknown) => error)).toMatchObject({ code: 'CONNECTION_CLOSED', indeterminate: false });
});

it('says which trace a call belongs to, and goes without where the app cannot tell', () => {
	const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
	const { client, rpc } = setUp({ traceparent: () => traceparent });
	client.open();
	void rpc('a/b')();
	expect(client.requests()[0]).toMatchObject({ rpc: 'a/b', traceparent });
	const unknown = setUp({ traceparent: () => undefined });
	unknown.client.open();
	void unknown.rpc('a/b')();
	expect(unknown.client.requests()[0]).not.toHaveProperty('traceparent');
});
