import { expect, it, vi } from 'vitest';
import { presence as presenceStore } from '../../src/client/service/presence.ts';
import { memoryBus } from '../../src/host/memory-bus.ts';
import { createPresence, type PresenceOptions } from '../../src/plugins/presence.ts';
import { memoryStores } from '../../src/service/memory-stores.ts';
import { TestClock } from '../support/clock.ts';
import { counterId, settle } from '../support/core.ts';
import { startPlugin } from '../support/plugin-core.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';

const ROOM = '__presence:room';

async function start(options: PresenceOptions = {}) {
	const clock = new TestClock();
	const presence = createPresence({ clock, ...options });
	return { ...(await startPlugin(presence.hooks)), clock, presence };
}

it('shows who comes the whole list, and the others a diff', async () => {
	const { enter, presence } = await start();
	const ann = await enter({ id: 1, name: 'Ann' }, 'room');
	expect(ann.on(ROOM)[0]).toEqual(['presence_state', { 1: { id: 1, name: 'Ann' } }]);
	const bob = await enter({ id: 2, name: 'Bob' }, 'room');
	expect(bob.on(ROOM)[0]).toEqual(['presence_state', { 1: { id: 1, name: 'Ann' }, 2: { id: 2, name: 'Bob' } }]);
	expect(ann.on(ROOM)).toEqual([['presence_diff', { joins: { 2: { id: 2, name: 'Bob' } }, leaves: {} }]]);
	expect(presence.list('room')).toEqual([
		{ id: 1, name: 'Ann' },
		{ id: 2, name: 'Bob' }
	]);
	expect([presence.count('room'), presence.count('elsewhere'), presence.list('elsewhere')]).toEqual([2, 0, []]);
	bob.leave();
	await settle();
	expect(ann.on(ROOM)).toEqual([['presence_diff', { joins: {}, leaves: { 2: { id: 2, name: 'Bob' } } }]]);
	ann.say({ type: 'unsubscribe', topic: 'room' });
	await settle();
	expect([presence.count('room'), ann.ws.getTopics()]).toEqual([0, []]);
});

it('counts the connections of one key once, and tells of data that differs', async () => {
	const { enter, presence } = await start();
	const ann = await enter({ id: 1, name: 'Ann' }, 'room');
	const same = await enter({ id: 1, name: 'Ann' }, 'room');
	ann.on(ROOM);
	const other = await enter({ id: 1, name: 'Annie' }, 'room');
	expect(presence.count('room')).toBe(1);
	expect(ann.on(ROOM)).toEqual([['presence_diff', { joins: { 1: { id: 1, name: 'Annie' } }, leaves: {} }]]);
	same.leave();
	other.leave();
	await settle();
	expect(ann.on(ROOM)).toEqual([]);
	expect(presence.list('room')).toEqual([{ id: 1, name: 'Annie' }]);
});

it('says once what happens in one turn; of one key the last counts', async () => {
	const { enter, presence, platform } = await start();
	const [watcher, a, b] = [await enter({ id: 'w' }), await enter({ id: 'a' }), await enter({ id: 'b' })];
	presence.sync(watcher.ws, 'room', platform);
	expect(watcher.on(ROOM)).toEqual([['presence_state', {}]]);
	presence.join(a.ws, 'room', platform);
	presence.join(b.ws, 'room', platform);
	presence.leave(a.ws, platform);
	await settle();
	expect(watcher.on(ROOM)).toEqual([['presence_diff', { joins: { b: { id: 'b' } }, leaves: { a: { id: 'a' } } }]]);
	presence.join(a.ws, 'room', platform);
	presence.flushDiffs();
	expect(watcher.on(ROOM)).toEqual([['presence_diff', { joins: { a: { id: 'a' } }, leaves: {} }]]);
	expect(presence.list('room')).toEqual([{ id: 'b' }, { id: 'a' }]);
});

it('shows nothing that sounds secret', async () => {
	const { enter, presence } = await start();
	const data = {
		id: 1,
		__proto: 1,
		apiToken: 1,
		PASSWORD: 1,
		sessionId: 1,
		remoteAddress: '10.0.0.1',
		profile: { Cookie: 1, jwt: 1, credentials: 1, authorId: 1, secretary: 1, color: 'red' },
		tags: [{ secret: 1, name: 'x' }]
	};
	await enter(data, 'room');
	expect(presence.list('room')).toEqual([{ id: 1, profile: { color: 'red' }, tags: [{ name: 'x' }] }]);
});

it('cuts cycles and names bytes by their length', async () => {
	const { enter, presence, platform } = await start();
	const ann = await enter({ id: 1 });
	const data = ann.ws.getUserData() as Record<string, unknown>;
	Object.assign(data, { self: data, bytes: new Uint8Array(3), big: 5n, at: new Date(0) });
	presence.join(ann.ws, 'room', platform);
	expect(presence.list('room')).toEqual([{ id: 1, bytes: '[bytes: 3]', big: '5', at: '1970-01-01T00:00:00.000Z' }]);
});

it('knows who has no key by the connection', async () => {
	const { enter, presence } = await start({ key: 'email', select: ({ email }: any) => (email ? { email } : {}) });
	await enter({}, 'room');
	const second = await enter({}, 'room');
	await enter({ email: 'a@b' }, 'room');
	expect(Object.keys(second.on(ROOM)[0]![1])).toEqual(['__conn:1', '__conn:2']);
	expect(presence.count('room')).toBe(3);
});

it('refuses what is no object, and options out of range', async () => {
	const { enter, presence, platform } = await start({ select: () => 'x' as unknown as object });
	const ann = await enter({ id: 1 });
	expect(() => presence.join(ann.ws, 'room', platform)).toThrow('createPresence: select gave string. Give an object.');
	expect([presence.count('room'), ann.ws.getTopics()]).toEqual([0, []]);
	const later = await start({ select: async () => Promise.reject(new Error('later')) });
	const bob = await later.enter({ id: 2 });
	expect(() => later.presence.join(bob.ws, 'room', later.platform)).toThrow('createPresence: select gave a promise.');
	for (const options of [{ heartbeat: -1 }, { heartbeat: Infinity }, { maxConnections: 0 }, { maxTopics: 1.5 }])
		expect(() => createPresence(options)).toThrow(/^createPresence: \w+: got /);
});

it('keeps reserved topics, repeats and closed connections out', async () => {
	const { enter, presence, platform } = await start();
	const ann = await enter({ id: 1 }, 'room');
	ann.on(ROOM);
	presence.join(ann.ws, 'room', platform);
	presence.join(ann.ws, '__rpc', platform);
	await settle();
	expect([ann.on(ROOM), presence.count('__rpc')]).toEqual([[], 0]);
	ann.leave();
	presence.join(ann.ws, 'room', platform);
	expect(presence.count('room')).toBe(0);
});

it('lets the first connection leave properly when one too many comes', async () => {
	const { enter, presence } = await start({ maxConnections: 2 });
	const ann = await enter({ id: 'a' }, 'room', 'hall');
	const bob = await enter({ id: 'b' }, 'room');
	bob.on(ROOM);
	const { ws } = ann;
	await enter({ id: 'c' }, 'room');
	expect(bob.on(ROOM)).toEqual([['presence_diff', { joins: { c: { id: 'c' } }, leaves: { a: { id: 'a' } } }]]);
	expect([ws.isSubscribed(ROOM), presence.count('room'), presence.count('hall')]).toEqual([false, 2, 0]);
});

it('empties the first topic when there is one too many', async () => {
	const { enter, presence } = await start({ maxTopics: 1 });
	const ann = await enter({ id: 'a' }, 'room');
	await enter({ id: 'b' }, 'hall');
	expect([presence.count('room'), presence.count('hall'), ann.ws.isSubscribed(ROOM)]).toEqual([0, 1, false]);
});

it('says regularly who is still here, while somebody is', async () => {
	const { enter, clock, presence } = await start({ heartbeat: 1000 });
	expect(clock.pending).toBe(0);
	const ann = await enter({ id: 'a' }, 'room');
	ann.on(ROOM);
	clock.pass(1000);
	expect(ann.on(ROOM)).toEqual([['heartbeat', ['a']]]);
	clock.pass(1000);
	expect(ann.on(ROOM)).toHaveLength(1);
	ann.leave();
	clock.pass(1000);
	expect(clock.pending).toBe(0);
	await enter({ id: 'b' }, 'room');
	presence.clear();
	expect([clock.pending, presence.count('room')]).toEqual([0, 0]);
});

it('answers who asks, if the app allows it the topic, and does not count it in', async () => {
	const presence = createPresence();
	const { enter } = await startPlugin({
		...presence.hooks,
		subscribe: (ws, topic, context) => (topic === 'secret' ? false : presence.hooks.subscribe(ws, topic, context))
	});
	await enter({ id: 'a' }, 'room');
	const viewer = await enter({ id: 'v' });
	for (const topic of ['room', 'secret', 7, '__rpc', 'a"b', '']) viewer.say({ type: 'presence', topic });
	await settle();
	expect(viewer.on(ROOM)).toEqual([['presence_state', { a: { id: 'a' } }]]);
	expect(viewer.ws.getTopics()).toEqual([ROOM]);
	expect(presence.count('room')).toBe(1);
	const context = { isBinary: false, text: '{"type":"chat"}' } as never;
	expect(presence.hooks.message(viewer.ws, context)).toBe(false);
});

it('does not let clients into its topics by themselves', async () => {
	const { enter } = await start();
	const ann = await enter({ id: 'a' });
	ann.say({ type: 'subscribe', topic: ROOM, ref: 1 });
	expect(ann.heard()).toEqual([{ type: 'subscribe-denied', topic: ROOM, ref: 1, reason: 'INVALID_TOPIC' }]);
});

it('shows who is there on a wire subscribe where the server lets clients have system topics', async () => {
	const presence = createPresence();
	const { enter } = await startPlugin(presence.hooks, { options: { allowSystemTopicSubscribe: true } });
	await enter({ id: 'a' }, 'room');
	const viewer = await enter({ id: 'v' }, ROOM);
	expect(viewer.on(ROOM)).toEqual([['presence_state', { a: { id: 'a' } }]]);
	viewer.say({ type: 'unsubscribe', topic: ROOM });
	expect([presence.count('room'), viewer.ws.getTopics()]).toEqual([1, []]);
});

it('shows the same on all nodes with a shared store', async () => {
	const clock = new TestClock();
	const bus = memoryBus();
	const stores = memoryStores('primary', clock, counterId());
	const node = async (name: string) => {
		const presence = createPresence({ clock, stores: { ...stores, node: name }, ttl: 9_000 });
		return { presence, ...(await startPlugin(presence.hooks, { bus: bus.join() })) };
	};
	const [one, two] = [await node('n1'), await node('n2')];
	const ann = await one.enter({ id: 'a' }, 'room');
	// The ids of a test are counted; those of two nodes must differ.
	await two.enter({ id: 'x' });
	const bob = await two.enter({ id: 'b' }, 'room');
	await settle();
	expect(bob.on(ROOM)).toContainEqual(['presence_state', { a: { id: 'a' }, b: { id: 'b' } }]);
	await settle();
	expect(ann.on(ROOM)).toContainEqual(['presence_diff', { joins: { b: { id: 'b' } }, leaves: {} }]);
	const again = await one.enter({ id: 'b' }, 'room');
	await settle();
	expect(await two.presence.count('room')).toBe(2);
	ann.on(ROOM);
	bob.leave();
	await settle();
	expect(ann.on(ROOM)).toEqual([]);
	again.leave();
	await settle();
	await settle();
	expect(ann.on(ROOM)).toEqual([['presence_diff', { joins: {}, leaves: { b: { id: 'b' } } }]]);
	// Renewed for as long as its node lives.
	for (let i = 0; i < 10; i++) {
		clock.pass(3_000);
		await settle();
	}
	expect(await two.presence.list('room')).toEqual([{ id: 'a' }]);
	one.presence.clear();
	clock.pass(10_000);
	expect(await two.presence.list('room')).toEqual([]);
	expect(clock.pending).toBe(0);
});

it.each(TRANSPORTS)('%s: fills the store of a page, also when it comes late, and again after a reconnect', async (transport) => {
	const presence = createPresence();
	let users = 0;
	const { server, page, other, sockets } = await startPage(transport, {
		...presence.hooks,
		upgrade: () => ({ id: `u${++users}` })
	});
	const friend = other();
	await friend.ready();
	friend.subscribe('room');
	await vi.waitFor(() => expect(presence.count('room')).toBe(1));
	const viewer = watch(presenceStore<{ id: string }>('room'));
	await vi.waitFor(() => expect(viewer.last).toEqual([{ id: 'u2' }]));
	page.subscribe('room');
	await vi.waitFor(() => expect(viewer.last).toEqual([{ id: 'u2' }, { id: 'u1' }]));
	const late = watch(presenceStore<{ id: string }>('room'));
	expect(late.values).toEqual([[{ id: 'u2' }, { id: 'u1' }]]);
	sockets[0]!.close(1012, 'restart');
	await vi.waitFor(() => expect(viewer.last).toEqual([{ id: 'u2' }, { id: 'u3' }]));
	friend.close();
	await vi.waitFor(() => expect(viewer.last).toEqual([{ id: 'u3' }]));
	expect(server.platform.connections).toBe(1);
});

it('forgets people of whom nothing was heard for too long', async () => {
	vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
	const { page, server } = await startPage('node', {
		open: (ws) => void ws.subscribe('__presence:aged')
	});
	await vi.waitFor(() => expect(server.platform.subscribers('__presence:aged')).toBe(1));
	const { values } = watch(presenceStore('aged', { maxAge: 10_000 }));
	server.platform.publish('__presence:aged', 'presence_state', { a: 1, b: 2 });
	await vi.waitFor(() => expect(values.at(-1)).toEqual([1, 2]));
	vi.advanceTimersByTime(6_000);
	server.platform.publish('__presence:aged', 'heartbeat', ['a', 'nobody']);
	server.platform.publish('__presence:aged', 'presence_diff', { joins: { c: 3 } });
	await vi.waitFor(() => expect(values.at(-1)).toEqual([1, 2, 3]));
	vi.advanceTimersByTime(9_000);
	expect(values.at(-1)).toEqual([1, 3]);
	vi.useRealTimers();
	page.close();
});

it('goes on telling who asked when its client leaves the topic, for as long as the app allows it', async () => {
	const presence = createPresence();
	let isAllowed = true;
	const { enter } = await startPlugin({
		...presence.hooks,
		subscribe: (ws, topic, context) => (isAllowed ? presence.hooks.subscribe(ws, topic, context) : false)
	});
	await enter({ id: 'a' }, 'room');
	const [viewer, member] = [await enter({ id: 'v' }, 'room'), await enter({ id: 'm' }, 'room')];
	viewer.say({ type: 'presence', topic: 'room' });
	await settle();
	for (const client of [viewer, member]) {
		client.on(ROOM);
		client.say({ type: 'unsubscribe', topic: 'room' });
		await settle();
	}
	expect(viewer.on(ROOM)).toEqual([
		['presence_state', { a: { id: 'a' }, m: { id: 'm' } }],
		['presence_diff', { joins: {}, leaves: { m: { id: 'm' } } }]
	]);
	expect([viewer.ws.getTopics(), member.ws.getTopics()]).toEqual([[ROOM], []]);
	viewer.say({ type: 'subscribe', topic: 'room' });
	await settle();
	isAllowed = false;
	viewer.say({ type: 'unsubscribe', topic: 'room' });
	await settle();
	expect([viewer.ws.getTopics(), presence.count('room')]).toEqual([[], 1]);
});

it.each(TRANSPORTS)(
	'%s: a page that watches no more is told no more, and none before the last of its watchers has left',
	async (transport) => {
		const presence = createPresence();
		const { server, other } = await startPage(transport, { ...presence.hooks, upgrade: () => ({ id: 'a' }) });
		const friend = other();
		await friend.ready();
		const followers = (): number => server.platform.subscribers('__presence:hall');
		const watchers = [watch(presenceStore('hall')), watch(presenceStore('hall', { maxAge: 60_000 }))];
		await vi.waitFor(() => expect(followers()).toBe(1));
		watchers[0]!.stop();
		const next = watch(presenceStore('hall'));
		watchers[1]!.stop();
		friend.subscribe('hall');
		await vi.waitFor(() => expect(next.last).toEqual([{ id: 'a' }]));
		expect(followers()).toBe(2);
		next.stop();
		await vi.waitFor(() => expect(followers()).toBe(1));
	}
);
