import { expect, it, vi } from 'vitest';
import { group } from '../../src/client/service/groups.ts';
import { createGroup, type GroupOptions } from '../../src/plugins/groups.ts';
import { settle } from '../support/core.ts';
import { startPlugin } from '../support/plugin-core.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';

const LOBBY = '__group:lobby';

async function start(options: GroupOptions = {}, given: Parameters<typeof startPlugin>[1] = {}) {
	const lobby = createGroup('lobby', options);
	return { ...(await startPlugin(lobby.hooks, given)), lobby };
}

it('tells the members who joins and leaves, and who joins who is there', async () => {
	const log: unknown[] = [];
	const { enter, lobby, platform } = await start({
		onJoin: (_ws, role) => log.push(['join', role]),
		onLeave: (_ws, role) => log.push(['leave', role]),
		meta: { color: 'red' }
	});
	const [ann, bob] = [await enter({}), await enter({})];
	expect(lobby.join(ann.ws, platform, 'admin')).toBe(true);
	expect(ann.on(LOBBY)).toEqual([['members', [{ role: 'admin' }]]]);
	expect(lobby.join(bob.ws, platform)).toBe(true);
	expect(lobby.join(bob.ws, platform)).toBe(true);
	expect(bob.on(LOBBY)).toEqual([['members', [{ role: 'admin' }, { role: 'member' }]]]);
	expect(ann.on(LOBBY)).toEqual([['join', { role: 'member', count: 2 }]]);
	expect(lobby.members()).toEqual([
		{ ws: ann.ws, role: 'admin' },
		{ ws: bob.ws, role: 'member' }
	]);
	bob.leave();
	await settle();
	expect(ann.on(LOBBY)).toEqual([['leave', { role: 'member', count: 1 }]]);
	expect([lobby.count(), lobby.has(ann.ws), lobby.has(bob.ws), lobby.name, lobby.meta]).toEqual([
		1,
		true,
		false,
		'lobby',
		{ color: 'red' }
	]);
	expect([lobby.leave(ann.ws, platform), lobby.leave(ann.ws, platform), ann.ws.getTopics()]).toEqual([true, false, []]);
	expect(log).toEqual([
		['join', 'admin'],
		['join', 'member'],
		['leave', 'member'],
		['leave', 'admin']
	]);
});

it('sends events to all, to a role, and to one member', async () => {
	const { enter, lobby, platform } = await start();
	const [a, b, c] = [await enter({}), await enter({}), await enter({})];
	lobby.join(a.ws, platform, 'viewer');
	lobby.join(b.ws, platform, 'admin');
	for (const client of [a, b]) client.on(LOBBY);
	lobby.publish(platform, 'news', 1);
	lobby.publish(platform, 'secret', 2, 'admin');
	lobby.send(platform, a.ws, 'hint', 3);
	expect([a, b, c].map((client) => client.on(LOBBY))).toEqual([
		[
			['news', 1],
			['hint', 3]
		],
		[
			['news', 1],
			['secret', 2]
		],
		[]
	]);
	expect(() => lobby.send(platform, c.ws, 'hint')).toThrow('Group lobby: the connection is no member.');
	expect(() => lobby.publish(platform, 'members', [])).toThrow('Choose another name.');
	for (const [event, data] of [
		['a"b', 1],
		['big', 1n]
	] as const)
		expect(() => lobby.publish(platform, event, data, 'admin')).toThrow(TypeError);
	expect([a, b].map((client) => client.on(LOBBY))).toEqual([[], []]);
});

it('is full at its cap', async () => {
	const full: unknown[] = [];
	const { enter, lobby, platform } = await start({ maxMembers: 1, onFull: (ws, role) => full.push([ws, role]) });
	const [a, b] = [await enter({}), await enter({})];
	expect([lobby.join(a.ws, platform), lobby.join(b.ws, platform, 'viewer')]).toEqual([true, false]);
	expect(full).toEqual([[b.ws, 'viewer']]);
	expect(b.ws.getTopics()).toEqual([]);
});

it('undoes a join whose onJoin throws or rejects', async () => {
	const errors: unknown[] = [];
	let later = false;
	const { enter, lobby, platform } = await start({
		onJoin: (ws) => {
			if (ws.getUserData().id !== 'bad') return undefined;
			if (later) return Promise.reject(new Error('late'));
			throw new Error('no');
		},
		onError: (error) => errors.push(error)
	});
	const [ann, bad] = [await enter({}), await enter({ id: 'bad' })];
	lobby.join(ann.ws, platform);
	ann.on(LOBBY);
	expect(lobby.join(bad.ws, platform)).toBe(false);
	expect([lobby.has(bad.ws), lobby.count(), bad.ws.getTopics()]).toEqual([false, 1, []]);
	expect(ann.on(LOBBY).map(([event]) => event)).toEqual(['join', 'leave']);
	later = true;
	expect(lobby.join(bad.ws, platform)).toBe(true);
	await settle();
	expect([lobby.has(bad.ws), errors]).toEqual([false, [new Error('no'), new Error('late')]]);
});

it('ends for good', async () => {
	const log: string[] = [];
	const { enter, lobby, platform } = await start({ onClose: () => log.push('closed') });
	const [ann, bob] = [await enter({}), await enter({})];
	lobby.join(ann.ws, platform);
	ann.on(LOBBY);
	lobby.close(platform);
	lobby.close(platform);
	expect([ann.on(LOBBY), ann.ws.getTopics(), lobby.count(), log]).toEqual([[['close', null]], [], 0, ['closed']]);
	expect(lobby.join(bob.ws, platform)).toBe(false);
});

it('takes clients in that ask for it, and only for this group', async () => {
	const { enter, lobby } = await start();
	const ann = await enter({});
	ann.say({ type: 'group-join', group: 'other' });
	ann.say({ type: 'group-jump', group: 'lobby' });
	expect(lobby.count()).toBe(0);
	ann.say({ type: 'group-join', group: 'lobby', role: 'admin' });
	expect(lobby.members().map(({ role }) => role)).toEqual(['member']);
	ann.say({ type: 'group-leave', group: 'lobby' });
	expect(lobby.count()).toBe(0);
	ann.leave();
	expect(lobby.join(ann.ws, {} as never)).toBe(false);
});

it('joins on a wire subscribe where the server lets clients have system topics', async () => {
	const { enter, lobby } = await start({ maxMembers: 1 }, { options: { allowSystemTopicSubscribe: true } });
	const [ann, bob] = [await enter({}, LOBBY), await enter({})];
	bob.say({ type: 'subscribe', topic: LOBBY, ref: 1 });
	expect(bob.heard()).toEqual([{ type: 'subscribe-denied', topic: LOBBY, ref: 1, reason: 'FORBIDDEN' }]);
	ann.say({ type: 'unsubscribe', topic: LOBBY });
	expect(lobby.count()).toBe(0);
	const closed = await start();
	const carl = await closed.enter({});
	carl.say({ type: 'subscribe', topic: LOBBY, ref: 1 });
	expect([carl.heard()[0].reason, closed.lobby.count()]).toEqual(['INVALID_TOPIC', 0]);
});

it('refuses names, roles and options that are none', async () => {
	const { enter, lobby, platform } = await start();
	const ann = await enter({});
	expect(() => lobby.join(ann.ws, platform, 'owner' as never)).toThrow('role: got owner, expected member, admin or viewer.');
	for (const name of ['', 'a"b', 5 as never]) expect(() => createGroup(name)).toThrow(/^createGroup: name: got /);
	expect(() => createGroup('x', { maxMembers: 0 })).toThrow('createGroup: maxMembers: got 0');
	expect(() => createGroup('x', { onJoin: 1 as never })).toThrow('createGroup: onJoin: got number, expected a function.');
});

it.each(TRANSPORTS)(
	'%s: a page joins while it watches, again after a reconnect, and leaves with the last watcher',
	async (transport) => {
		const lobby = createGroup('lobby');
		const { server, other, sockets } = await startPage(transport, lobby.hooks);
		const friend = other();
		await friend.ready();
		const store = group('lobby');
		const members = watch(store.members);
		await vi.waitFor(() => expect(members.last).toEqual([{ role: 'member' }]));
		const events = watch(group('lobby'));
		friend.sendNow('{"type":"group-join","group":"lobby"}');
		await vi.waitFor(() => expect(members.last).toHaveLength(2));
		expect(events.last).toEqual({ topic: LOBBY, event: 'join', data: { role: 'member', count: 2 } });
		lobby.publish(server.platform, 'news', 7);
		await vi.waitFor(() => expect(events.last).toEqual({ topic: LOBBY, event: 'news', data: 7 }));
		friend.close();
		await vi.waitFor(() => expect(members.last).toHaveLength(1));
		sockets[0]!.close(1012, 'restart');
		await vi.waitFor(() => expect(lobby.members().map(({ ws }) => ws)).toEqual([sockets[2]]));
		expect(members.last).toEqual([{ role: 'member' }]);
		members.stop();
		expect(lobby.count()).toBe(1);
		events.stop();
		await vi.waitFor(() => expect(lobby.count()).toBe(0));
		const again = watch(store.members);
		expect(again.last).toEqual([]);
		await vi.waitFor(() => expect(again.last).toHaveLength(1));
		lobby.close(server.platform);
		await vi.waitFor(() => expect(again.last).toEqual([]));
	}
);

it.each(TRANSPORTS)(
	'%s: a page that watches a group in several places is in it once, until the last has left',
	async (transport) => {
		const lobby = createGroup('lobby');
		const { server } = await startPage(transport, lobby.hooks);
		// As two components do: both have their store before either watches it, and one watches the members alone.
		const [first, second] = [group('lobby'), group('lobby')];
		const members = watch(first.members);
		const events = watch(second);
		await vi.waitFor(() => expect(members.last).toEqual([{ role: 'member' }]));
		expect(watch(group('lobby').members).values).toEqual([[{ role: 'member' }]]);
		members.stop();
		// What was sent before this event is there when it comes.
		lobby.publish(server.platform, 'news', 1);
		await vi.waitFor(() => expect(events.last).toMatchObject({ event: 'news', data: 1 }));
		expect(lobby.count()).toBe(1);
		lobby.publish(server.platform, 'news', 2);
		await vi.waitFor(() => expect(events.last).toMatchObject({ data: 2 }));
	}
);

it('keeps the page in a group that the next page watches as well', async () => {
	const log: string[] = [];
	const lobby = createGroup('lobby', { onJoin: () => log.push('join'), onLeave: () => log.push('leave') });
	const { server } = await startPage('node', lobby.hooks);
	const before = watch(group('lobby'));
	await vi.waitFor(() => expect(lobby.count()).toBe(1));
	before.stop();
	const after = watch(group('lobby'));
	lobby.publish(server.platform, 'news', 1);
	await vi.waitFor(() => expect(after.last).toMatchObject({ data: 1 }));
	after.stop();
	await vi.waitFor(() => expect(lobby.count()).toBe(0));
	expect(log).toEqual(['join', 'leave']);
});
