import { expect, it, vi } from 'vitest';
import { cursor } from '../../src/client/service/cursor.ts';
import { memoryBus } from '../../src/host/memory-bus.ts';
import { createCursor, type CursorOptions } from '../../src/plugins/cursor.ts';
import { memoryStores } from '../../src/service/memory-stores.ts';
import { TestClock } from '../support/clock.ts';
import { counterId, settle } from '../support/core.ts';
import { startPlugin } from '../support/plugin-core.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';

const BOARD = '__cursor:board';

async function start(options: CursorOptions = {}) {
	const clock = new TestClock();
	const cursors = createCursor({ clock, ...options });
	const core = await startPlugin({
		...cursors.hooks,
		subscribe: (ws, topic, context) => (topic === 'secret' ? false : cursors.hooks.subscribe(ws, topic, context))
	});
	return { ...core, clock, cursors };
}

it('shows a cursor at once, and of what follows in the interval the latest position', async () => {
	const { enter, clock } = await start();
	const ann = await enter({ id: 'a', token: 'x' }, 'board');
	expect(ann.on(BOARD)).toEqual([['snapshot', []]]);
	const bob = await enter({ id: 'b' }, 'board');
	bob.on(BOARD);
	const move = (x: number): void => ann.say({ type: 'cursor', topic: 'board', data: { x } });
	move(1);
	const [[event, first]] = bob.on(BOARD) as [[string, any]];
	expect([event, first]).toEqual(['update', { key: expect.any(String), user: { id: 'a' }, data: { x: 1 } }]);
	move(2);
	move(3);
	expect(bob.on(BOARD)).toEqual([]);
	clock.pass(50);
	expect(bob.on(BOARD)).toEqual([['update', { ...first, data: { x: 3 } }]]);
	clock.pass(50);
	expect([bob.on(BOARD), clock.pending]).toEqual([[], 0]);
	ann.say({ type: 'cursor', topic: 'board', position: 5 });
	expect(bob.on(BOARD)).toEqual([['update', { ...first, data: 5 }]]);
	ann.leave();
	await settle();
	expect(bob.on(BOARD)).toEqual([['remove', { key: first.key }]]);
});

it('lets those who may subscribe to the topic in, and nobody else', async () => {
	const { enter, cursors } = await start();
	const ann = await enter({ id: 'a' });
	for (const topic of ['secret', 'board']) {
		ann.say({ type: 'cursor', topic, data: 1 });
		ann.say({ type: 'cursor', topic, data: 2 });
	}
	await settle();
	expect(cursors.list('secret')).toEqual([]);
	expect(cursors.list('board')).toEqual([{ key: expect.any(String), user: { id: 'a' }, data: 2 }]);
	expect(ann.ws.getTopics()).toEqual([BOARD]);
	expect(ann.on(BOARD).map(([event]) => event)).toEqual(['snapshot', 'update']);
	const bob = await enter({ id: 'b' });
	for (const topic of ['secret', 'board']) bob.say({ type: 'cursor-snapshot', topic });
	await settle();
	expect(bob.on('__cursor:secret')).toEqual([]);
	expect(bob.on(BOARD)).toEqual([['snapshot', cursors.list('board')]]);
	bob.say({ type: 'cursor-snapshot', topic: 'board' });
	expect(bob.on(BOARD)).toEqual([['snapshot', cursors.list('board')]]);
	expect(bob.ws.isSubscribed('__cursor:secret')).toBe(false);
});

it('ignores what is no position and what is no topic', async () => {
	const { enter, cursors, platform } = await start({ maxDataBytes: 10, maxTopicLength: 5 });
	const ann = await enter({ id: 'a' }, 'board');
	const cycle: Record<string, unknown> = {};
	cycle['self'] = cycle;
	for (const data of [undefined, cycle, 1n, 'x'.repeat(9), 'ü'.repeat(5)]) cursors.update(ann.ws, 'board', data, platform);
	for (const topic of ['', '__rpc', 'boards', 'a"b', 5 as unknown as string]) cursors.update(ann.ws, topic, 1, platform);
	for (const frame of ['{"type":"cursor","topic":', '{"type":"cursor","topic":7,"data":1}']) ann.say(frame);
	await settle();
	expect([cursors.list('board'), cursors.list('boards')]).toEqual([[], []]);
	cursors.update(ann.ws, 'board', 'ü'.repeat(4), platform);
	expect(cursors.list('board')).toHaveLength(1);
	expect(cursors.hooks.message(ann.ws, { text: '{"type":"cursor-x"}' } as never)).toBe(false);
	ann.leave();
	cursors.update(ann.ws, 'board', 1, platform);
	expect(cursors.list('board')).toEqual([]);
});

it('takes the cursors of the first connection, and of the first topic, when there is one too many', async () => {
	const { enter, cursors, platform } = await start({ maxConnections: 2, maxTopics: 2 });
	const [a, b, c] = [await enter({ id: 'a' }, 'board'), await enter({ id: 'b' }), await enter({ id: 'c' })];
	cursors.update(a.ws, 'board', 1, platform);
	cursors.update(b.ws, 'board', 1, platform);
	const { key } = cursors.list('board')[0]!;
	a.on(BOARD);
	cursors.update(c.ws, 'board', 1, platform);
	expect(a.on(BOARD)[0]).toEqual(['remove', { key }]);
	expect(cursors.list('board').map(({ user }) => user)).toEqual([{ id: 'b' }, { id: 'c' }]);
	for (const topic of ['two', 'three']) cursors.update(c.ws, topic, 1, platform);
	expect(['board', 'two', 'three'].map((topic) => cursors.list(topic).length)).toEqual([0, 1, 1]);
	expect(a.on(BOARD).map(([event]) => event)).toEqual(['remove', 'remove']);
});

it('attaches and detaches', async () => {
	const { enter, cursors, platform, clock } = await start();
	const [ann, bob] = [await enter({ id: 'a' }), await enter({ id: 'b' }, 'board')];
	cursors.attach(ann.ws, 'board', platform);
	cursors.update(ann.ws, 'board', 1, platform);
	cursors.update(ann.ws, 'board', 2, platform);
	bob.on(BOARD);
	cursors.detach(ann.ws, 'board', platform);
	expect([ann.ws.getTopics(), clock.pending]).toEqual([[], 0]);
	expect(bob.on(BOARD).map(([event]) => event)).toEqual(['remove']);
	bob.say({ type: 'unsubscribe', topic: 'board' });
	expect(bob.ws.getTopics()).toEqual([]);
	cursors.update(bob.ws, 'board', 1, platform);
	cursors.update(bob.ws, 'board', 2, platform);
	cursors.clear();
	expect([cursors.list('board'), clock.pending]).toEqual([[], 0]);
});

it('attaches on a wire subscribe where the server lets clients have system topics, and on none of the plain kind otherwise', async () => {
	const cursors = createCursor();
	const { enter } = await startPlugin(cursors.hooks, { options: { allowSystemTopicSubscribe: true } });
	expect((await enter({}, BOARD)).on(BOARD)).toEqual([['snapshot', []]]);
	const closed = await start();
	const ann = await closed.enter({});
	ann.say({ type: 'subscribe', topic: BOARD, ref: 1 });
	expect(ann.heard()[0]).toMatchObject({ type: 'subscribe-denied', reason: 'INVALID_TOPIC' });
});

it('shows nothing of a user that sounds secret, unless it is told what to show', async () => {
	const { cursors, enter, platform } = await start();
	const ann = await enter({
		id: 'a',
		name: 'Ann',
		accessToken: 't',
		password: 'p',
		session: { id: 1 },
		nested: { cookie: 'c', color: 'red' }
	});
	cursors.update(ann.ws, 'board', 1, platform);
	expect(cursors.list('board').map(({ user }) => user)).toEqual([{ id: 'a', name: 'Ann', nested: { color: 'red' } }]);
	const own = await start({ select: ({ id, password }) => ({ id, password }) });
	const bob = await own.enter({ id: 'b', password: 'p' });
	own.cursors.update(bob.ws, 'board', 1, own.platform);
	expect(own.cursors.list('board').map(({ user }) => user)).toEqual([{ id: 'b', password: 'p' }]);
});

it('refuses options out of range', () => {
	for (const options of [
		{ throttle: -1 },
		{ throttle: NaN },
		{ maxConnections: 0 },
		{ maxDataBytes: 0.5 },
		{ maxTopicLength: 0 }
	])
		expect(() => createCursor(options)).toThrow(/^createCursor: \w+: got /);
});

it('shows who comes the cursors of all nodes with a shared store, also those that rest', async () => {
	const clock = new TestClock();
	const bus = memoryBus();
	const stores = memoryStores('primary', clock, counterId());
	let writes = 0;
	const put = stores.cursor.put.bind(stores.cursor);
	stores.cursor.put = (...args) => (writes++, put(...args));
	const node = async (name: string) => {
		const cursors = createCursor({ clock, stores: { ...stores, node: name }, ttl: 9_000 });
		return { cursors, ...(await startPlugin(cursors.hooks, { bus: bus.join() })) };
	};
	const [one, two] = [await node('n1'), await node('n2')];
	const ann = await one.enter({ id: 'a' }, 'board');
	for (let x = 1; x <= 10; x++) {
		one.cursors.update(ann.ws, 'board', x, one.platform);
		clock.pass(50);
	}
	clock.pass(500);
	await settle();
	expect(writes).toBe(2);
	for (let i = 0; i < 10; i++) {
		clock.pass(3_000);
		await settle();
	}
	const bob = await two.enter({ id: 'b' }, 'board');
	await settle();
	const [[event, [shown]]] = bob.on(BOARD) as [[string, any[]]];
	expect([event, shown]).toEqual(['snapshot', { key: expect.any(String), user: { id: 'a' }, data: 10 }]);
	expect(await two.cursors.list('board')).toEqual([shown]);
	one.cursors.update(ann.ws, 'board', 11, one.platform);
	expect([bob.on(BOARD), writes]).toEqual([[['update', { ...shown, data: 11 }]], 3]);
	ann.leave();
	expect(bob.on(BOARD)).toEqual([]);
	await settle();
	expect(bob.on(BOARD)).toEqual([['remove', { key: shown.key }]]);
	expect(await one.cursors.list('board')).toEqual([]);
	two.cursors.update(bob.ws, 'board', 1, two.platform);
	two.cursors.clear();
	clock.pass(10_000);
	expect([await one.cursors.list('board'), clock.pending]).toEqual([[], 0]);
	expect(() => createCursor({ stores, ttl: 0 })).toThrow('createCursor: ttl: got 0');
});

it.each(TRANSPORTS)('%s: fills the store of a page, and moves its cursor', async (transport) => {
	const cursors = createCursor({ throttle: 0 });
	let users = 0;
	const { page, other, sockets } = await startPage(transport, { ...cursors.hooks, upgrade: () => ({ id: `u${++users}` }) });
	const friend = other();
	await friend.ready();
	friend.sendNow('{"type":"cursor","topic":"board","data":1}');
	await vi.waitFor(() => expect(cursors.list('board')).toHaveLength(1));
	page.subscribe('board');
	const board = cursor<number, { id: string }>('board');
	const seen = watch(board);
	const positions = (): [string, number][] => [...seen.last.values()].map(({ user, data }) => [user.id, data]);
	await vi.waitFor(() => expect(positions()).toEqual([['u2', 1]]));
	expect(board.move(5)).toBe(true);
	friend.sendNow('{"type":"cursor","topic":"board","data":2}');
	await vi.waitFor(() =>
		expect(positions()).toEqual(
			expect.arrayContaining([
				['u2', 2],
				['u1', 5]
			])
		)
	);
	sockets[0]!.close(1012, 'restart');
	await vi.waitFor(() => expect(positions()).toEqual([['u2', 2]]));
	friend.close();
	await vi.waitFor(() => expect(positions()).toEqual([]));
});

it('merges a bulk, and forgets cursors that do not move', async () => {
	vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
	const { server } = await startPage('node', { open: (ws) => void ws.subscribe('__cursor:aged') });
	await vi.waitFor(() => expect(server.platform.subscribers('__cursor:aged')).toBe(1));
	const seen = watch(cursor<number>('aged', { maxAge: 10_000 }));
	const publish = (event: string, ...entries: [string, number][]): void =>
		void server.platform.publish(
			'__cursor:aged',
			event,
			entries.map(([key, data]) => ({ key, user: {}, data }))
		);
	publish('snapshot', ['a', 1], ['b', 1]);
	publish('bulk', ['b', 2], ['c', 3]);
	await vi.waitFor(() =>
		expect([...seen.last].map(([key, { data }]) => [key, data])).toEqual([
			['a', 1],
			['b', 2],
			['c', 3]
		])
	);
	vi.advanceTimersByTime(6_000);
	server.platform.publish('__cursor:aged', 'update', { key: 'a', user: {}, data: 9 });
	await vi.waitFor(() => expect(seen.last.get('a')?.data).toBe(9));
	vi.advanceTimersByTime(9_000);
	expect([...seen.last.keys()]).toEqual(['a']);
	vi.useRealTimers();
});

it.each(TRANSPORTS)(
	'%s: the cursor of a page that watches no more goes, and comes back with the next move',
	async (transport) => {
		const cursors = createCursor();
		const { server } = await startPage(transport, cursors.hooks);
		const board = cursor<number>('desk');
		const first = watch(board);
		await vi.waitFor(() => expect(server.platform.subscribers('__cursor:desk')).toBe(1));
		board.move(1);
		await vi.waitFor(() => expect(cursors.list('desk')).toHaveLength(1));
		first.stop();
		await vi.waitFor(() => expect([cursors.list('desk'), server.platform.subscribers('__cursor:desk')]).toEqual([[], 0]));
		watch(board);
		board.move(2);
		await vi.waitFor(() => expect(cursors.list('desk')).toMatchObject([{ data: 2 }]));
	}
);

it('goes on showing the cursors to who asked for them when its client leaves the topic', async () => {
	const { enter, cursors } = await start();
	const [ann, bob] = [await enter({ id: 'a' }, 'board'), await enter({ id: 'b' }, 'board')];
	ann.say({ type: 'cursor-snapshot', topic: 'board' });
	ann.say({ type: 'cursor', topic: 'board', data: 1 });
	await settle();
	ann.on(BOARD);
	ann.say({ type: 'unsubscribe', topic: 'board' });
	await settle();
	bob.say({ type: 'cursor', topic: 'board', data: 2 });
	await settle();
	expect(ann.on(BOARD).map(([event]) => event)).toEqual(['remove', 'snapshot', 'update']);
	expect(cursors.list('board')).toMatchObject([{ data: 2 }]);
	// It moves, and has not asked for those of the others.
	bob.say({ type: 'unsubscribe', topic: 'board' });
	await settle();
	expect([ann.ws.getTopics(), bob.ws.getTopics(), cursors.list('board')]).toEqual([[BOARD], [], []]);
});

it('takes a move also when its client asks for all cursors before the app has allowed it the topic', async () => {
	const cursors = createCursor();
	const { enter } = await startPlugin({ ...cursors.hooks, subscribe: async () => undefined });
	const ann = await enter({ id: 'a' });
	ann.say({ type: 'cursor', topic: 'board', data: 1 });
	ann.say({ type: 'cursor-snapshot', topic: 'board' });
	await settle();
	expect(cursors.list('board')).toMatchObject([{ data: 1 }]);
	expect(ann.on(BOARD).map(([event]) => event)).toEqual(['snapshot', 'update']);
});
