import { expect } from 'vitest';
import { defineSuite } from '../suite.ts';
import { answer, ask } from './ask.ts';
import { connect, type WireClient, type WireServer } from './client.ts';

const call = async (client: WireClient, rpc: string, ...args: unknown[]): Promise<any> =>
	(await ask(client, { rpc: `wire/${rpc}`, id: `c${rpc}`, args })).reply;
const SECRET = 'hunter2';

/** The calls and streams of the protocol, black box, against a server of `wire/live.ts` and `wireHooks()`. */
export const rpcSuite: (subject: {
	readonly name: string;
	create(): Promise<WireServer & AsyncDisposable>;
	readonly knownGaps?: Readonly<Record<string, string>>;
}) => void = defineSuite<WireServer>('rpc', (law) => {
	law('answers a call with its id and its result', async (server) => {
		const client = await connect(server);
		expect((await ask(client, { rpc: 'wire/echo', id: 'k3f91', args: ['milk', 1, null] })).reply).toEqual({
			id: 'k3f91',
			ok: true,
			data: ['milk', 1, null]
		});
		expect(await call(client, 'later', 7)).toEqual({ id: 'clater', ok: true, data: 7 });
		expect(await call(client, 'nothing')).toEqual({ id: 'cnothing', ok: true });
		expect((await ask(client, { rpc: 'wire/echo', id: 'k3f92' })).reply).toEqual({ id: 'k3f92', ok: true, data: [] });
	});

	law('passes typed errors on, and tells nothing of others', async (server) => {
		const client = await connect(server);
		expect(await call(client, 'fail', 'typed')).toEqual({
			id: 'cfail',
			ok: false,
			code: 'OUT_OF_STOCK',
			error: 'sold out',
			issues: [{ path: ['count'], message: 'too many' }],
			retryAfter: 850
		});
		for (const how of ['untyped', 'null', 'rejects', 'cyclic', 'bigint']) {
			const reply = await call(client, 'fail', how);
			expect(reply).toEqual({ id: 'cfail', ok: false, code: 'INTERNAL_ERROR', error: 'Internal server error' });
			expect(JSON.stringify(reply)).not.toContain(SECRET);
		}
	});

	law('refuses bad requests with a code, and answers each once', async (server) => {
		const client = await connect(server);
		const code = async (request: Record<string, unknown>): Promise<unknown> => (await ask(client, request)).reply.code;
		expect(await code({ rpc: 'x', id: '1' })).toBe('INVALID_REQUEST');
		expect(await code({ rpc: 'wire/../echo', id: '2' })).toBe('INVALID_REQUEST');
		expect(await code({ rpc: 'wire/echo', id: '3', args: {} })).toBe('INVALID_REQUEST');
		expect(await code({ rpc: 'wire/list', id: '4' })).toBe('INVALID_REQUEST');
		expect(await code({ rpc: 'wire/echo', id: '5', stream: true })).toBe('INVALID_REQUEST');
		for (const name of ['none', '_guard', 'hidden', '__proto__', 'constructor', 'toString', 'then'])
			expect(await code({ rpc: `wire/${name}`, id: `n${name}` })).toBe('NOT_FOUND');
		expect(await code({ rpc: 'nowhere/at-all', id: '6' })).toBe('NOT_FOUND');
		expect(await client.heard()).toEqual([]);
	});

	law('leaves frames that are no requests to the app', async (server) => {
		const client = await connect(server);
		const deep = `{"rpc":"wire/echo","id":"1","args":${'['.repeat(70)}${']'.repeat(70)}}`;
		for (const frame of [
			'{"rpc":"wire/echo","id":1}',
			'{"rpc":7,"id":"1","args":[]}',
			'{"rpc":"","id":"123456"}',
			'{"rpc":"wire/echo"',
			'{"batch":{"a":1}}',
			deep
		]) {
			client.say(frame);
			expect(await client.next()).toEqual({ echo: frame });
		}
	});

	law('answers nothing to a call without an id, and runs it', async (server) => {
		const client = await connect(server);
		client.say({ type: 'subscribe', topic: 'free', ref: 1 });
		expect((await client.next()).type).toBe('subscribed');
		client.say({ rpc: 'wire/tell', args: ['free', 'said', 1] }, { rpc: 'wire/fail', args: ['untyped'] });
		expect((await client.heard()).map(({ topic, event }) => [topic, event])).toEqual([['free', 'said']]);
	});

	law('ends the call that its client cancels, and answers it once', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		client.say({ rpc: 'wire/held', id: '1' }, { batch: [{ rpc: 'wire/held', id: '2' }] });
		other.say({ rpc: '__rpc/cancel', args: ['1', '2'] });
		expect(await call(other, 'echo', 1)).toMatchObject({ ok: true });
		client.say({ rpc: '__rpc/cancel', args: 7 }, { rpc: '__rpc/cancel', args: ['nothing', null] });
		expect(await client.heard()).toEqual([]);
		client.say({ rpc: '__rpc/cancel', args: ['1'] });
		expect((await answer(client, '1')).reply).toMatchObject({ id: '1', ok: false, code: 'CANCELLED' });
		client.say({ rpc: '__rpc/cancel', args: ['1', '2'] });
		expect((await answer(client, '__batch')).reply.batch).toMatchObject([{ id: '2', ok: false, code: 'CANCELLED' }]);
		expect(await client.heard()).toEqual([]);
	});

	law('answers a batch with one frame, in order, each entry for itself', async (server) => {
		const client = await connect(server);
		const batch = [
			{ rpc: 'wire/later', id: '1', args: [1] },
			{ rpc: 'wire/fail', id: '2', args: ['typed'] },
			null,
			{ rpc: 'wire/echo' },
			{ rpc: 'wire/echo', id: '3', args: [3] }
		];
		for (const sequential of [false, true]) {
			const { reply } = await ask(client, { batch, sequential });
			expect(reply.batch.map((entry: any) => [entry.id, entry.ok, entry.code ?? null])).toEqual([
				['1', true, null],
				['2', false, 'OUT_OF_STOCK'],
				['', false, 'INVALID_REQUEST'],
				['', false, 'INVALID_REQUEST'],
				['3', true, null]
			]);
		}
		expect((await ask(client, { batch: [] })).reply).toEqual({ batch: [] });
	});

	law(
		'answers each entry of a batch by itself where the client asks for that, so that a slow one holds up no other',
		async (server) => {
			const client = await connect(server);
			const entries = [
				{ rpc: 'wire/held', id: '1' },
				{ rpc: 'wire/later', id: '2', args: [2] },
				null,
				{ rpc: 'wire/list', id: '3', stream: true },
				{ rpc: 'wire/fail', id: '4', args: ['typed'] }
			];
			client.say({ batch: entries, each: true });
			const heard = [await client.next(), await client.next(), await client.next(), await client.next()];
			const answers = Object.fromEntries(
				heard.map(({ topic, event, data }) => [event, [topic, data.id, data.ok, data.code ?? null]])
			);
			expect(answers).toEqual({
				'': ['__rpc', '', false, 'INVALID_REQUEST'],
				2: ['__rpc', '2', true, null],
				3: ['__rpc', '3', true, null],
				4: ['__rpc', '4', false, 'OUT_OF_STOCK']
			});
			client.say({ rpc: '__rpc/cancel', args: ['1'] }, { batch: [], each: true });
			expect((await answer(client, '1')).reply).toMatchObject({ id: '1', code: 'CANCELLED' });
			const both = (await ask(client, { batch: [{ rpc: 'wire/echo', id: '5', args: [5] }], each: true, sequential: true })).reply;
			expect(both.batch).toMatchObject([{ id: '5', ok: true }]);
			expect(await client.heard()).toEqual([]);
		}
	);

	law('runs nothing of a batch that is too long, and says so to each entry', async (server) => {
		const client = await connect(server);
		await call(client, 'clear');
		const batch = Array.from({ length: 51 }, (_, i) => ({ rpc: 'wire/put', id: `p${i}`, args: [{ id: i, text: '' }] }));
		const { reply } = await ask(client, { batch });
		expect(reply.batch).toHaveLength(51);
		expect(reply.batch.every((entry: any, i: number) => entry.id === `p${i}` && entry.code === 'INVALID_REQUEST')).toBe(true);
		expect((await ask(client, { rpc: 'wire/list', id: 's', stream: true })).reply.data).toEqual([]);
	});

	law('never lets a reply overtake an event that its handler published before', async (server) => {
		const client = await connect(server);
		client.say({ type: 'hello', caps: ['batch', 'epoch'] }, { type: 'subscribe', topic: 'order', ref: 1 });
		expect((await client.next()).type).toBe('subscribed');
		const { reply, before } = await ask(client, { rpc: 'wire/tell', id: 't', args: ['order', 'said', 5] });
		expect(reply.data).toBe('told');
		expect(before).toEqual([expect.objectContaining({ topic: 'order', event: 'said', data: 5, ep: client.welcome!.ep })]);
	});

	law('refuses to publish on names of the framework', async (server) => {
		const client = await connect(server);
		expect((await call(client, 'tell', '__rpc', 'x', 1)).code).toBe('INVALID_TOPIC');
	});

	law('gives a stream its value, then every event', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		await call(client, 'clear');
		await call(client, 'put', { id: 1, text: 'a' });
		const { reply } = await ask(client, { rpc: 'wire/list', id: 's', stream: true });
		expect(reply).toEqual({ id: 's', ok: true, data: [{ id: 1, text: 'a' }], topic: 'wire-rows', merge: 'crud', key: 'id' });
		await call(other, 'put', { id: 2, text: 'b' });
		expect(await client.next()).toMatchObject({
			topic: 'wire-rows',
			event: 'created',
			data: { id: 2, text: 'b' },
			seq: expect.any(Number)
		});
		expect((await ask(client, { rpc: 'wire/newest', id: 'n', stream: true })).reply).toMatchObject({ merge: 'latest', max: 3 });
	});

	law('stops the events of a stream that is left', async (server) => {
		const client = await connect(server);
		await ask(client, { rpc: 'wire/list', id: 's', stream: true });
		client.say({ type: 'unsubscribe', topic: 'wire-rows' });
		const { before } = await ask(client, { rpc: 'wire/put', id: 'p', args: [{ id: 9, text: '' }] });
		expect([...before, ...(await client.heard())]).toEqual([]);
	});

	law('gives nothing of a stream to whom it denies', async (server) => {
		const client = await connect(server);
		expect((await ask(client, { rpc: 'wire/closed', id: 's', stream: true })).reply.code).toMatch(/FORBIDDEN|UNAUTHENTICATED/);
		await call(client, 'tell', 'wire-closed', 'created', { id: 1 });
		expect(await client.heard()).toEqual([]);
		const banned = await connect(server, '?user=banned');
		expect(await call(banned, 'echo', 1)).toMatchObject({ ok: false, code: 'FORBIDDEN', error: 'You are banned.' });
	});

	law('lets nobody follow a stream by the name of its topic, and tells who follows it otherwise that it may', async (server) => {
		const client = await connect(server);
		client.say({ type: 'subscribe-batch', topics: ['wire-rows', 'wire-closed'], ref: 1 });
		await call(client, 'tell', 'wire-rows', 'created', { id: 1 });
		await call(client, 'tell', 'wire-closed', 'created', { id: 1 });
		expect(await client.heard()).toEqual([]);
		const { before } = await ask(client, { rpc: 'wire/list', id: 's', stream: true });
		expect([...before, ...(await client.heard())]).toEqual([{ type: 'subscribed', topic: 'wire-rows', ref: 1 }]);
		client.say({ type: 'subscribe', topic: 'wire-rows', ref: 2 });
		expect(await client.next()).toEqual({ type: 'subscribed', topic: 'wire-rows', ref: 2 });
	});

	law('leaves no subscription behind a loader that fails', async (server) => {
		const client = await connect(server);
		const { reply } = await ask(client, { rpc: 'wire/broken', id: 's', stream: true });
		expect(reply).toEqual({ id: 's', ok: false, code: 'INTERNAL_ERROR', error: 'Internal server error' });
		await call(client, 'tell', 'wire-broken', 'x', 1);
		expect(await client.heard()).toEqual([]);
	});

	law('keeps the answers of two connections apart', async (server) => {
		const [one, two] = [await connect(server), await connect(server)];
		one.say({ rpc: 'wire/later', id: 'same', args: ['one'] });
		two.say({ rpc: 'wire/later', id: 'same', args: ['two'] });
		expect((await answer(one, 'same')).reply.data).toBe('one');
		expect((await answer(two, 'same')).reply.data).toBe('two');
		expect([await one.heard(), await two.heard()]).toEqual([[], []]);
	});

	law('goes on after a client that leaves in the middle of a call', async (server) => {
		const client = await connect(server);
		client.say({ rpc: 'wire/later', id: '1', args: [1] }, { rpc: 'wire/list', id: '2', stream: true });
		client.drop();
		await client.closed;
		expect(await call(await connect(server), 'echo', 'still here')).toMatchObject({ ok: true });
	});
});
