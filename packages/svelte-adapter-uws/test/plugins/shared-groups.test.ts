import { group } from '../../src/client/service/groups.ts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryBus } from '../../src/host/memory-bus.ts';
import { connectStores } from '../../src/host/cluster/store-client.ts';
import { serveStores } from '../../src/host/cluster/store-server.ts';
import { createGroup, type SharedGroupOptions } from '../../src/plugins/groups.ts';
import { memoryStores } from '../../src/service/memory-stores.ts';
import type { Stores } from '../../src/contract/stores.ts';
import { TestClock } from '../support/clock.ts';
import { counterId, settle } from '../support/core.ts';
import { startPlugin } from '../support/plugin-core.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';
import { channelPair } from '../support/workers.ts';

const LOBBY = '__group:lobby';
type Options = Partial<SharedGroupOptions>;

/** So many nodes of one app, whose stores are those of this process, or asked over a line as workers ask their primary. */
async function nodes(count: number, over: 'memory' | 'primary', options: (n: number) => Options = () => ({})) {
	const clock = new TestClock();
	const bus = memoryBus();
	const primary = memoryStores('primary', clock, counterId());
	const stack = new DisposableStack();
	onTestFinished(() => stack.dispose());
	const storesOf = (name: string): Stores => {
		if (over === 'memory') return { ...primary, node: name };
		const [up, down] = channelPair();
		stack.use(up);
		stack.use(serveStores(primary, up));
		return stack.use(connectStores(name, down));
	};
	const all = [];
	for (let n = 1; n <= count; n++) {
		const stores = storesOf(`n${n}`);
		const lobby = createGroup('lobby', { clock, stores, ttl: 9_000, ...options(n) });
		all.push({ lobby, stores, ...(await startPlugin(lobby.hooks, { bus: bus.join(), stores })) });
	}
	return { all, clock, primary, bus };
}

const roles = (members: readonly { readonly role: string }[]) => members.map(({ role }) => role);

describe.each([
	['memory', 1],
	['memory', 2],
	['primary', 1],
	['primary', 2],
	['primary', 4]
] as const)('stores in %s, %i nodes', (over, count) => {
	it('is one group: who is in, in which role, in which order', async () => {
		const { all } = await nodes(count, over);
		const joined = ['admin', 'member', 'viewer', 'member'] as const;
		for (const [i, role] of joined.entries()) {
			const { enter, lobby, platform } = all[i % count]!;
			const client = await enter({});
			expect(await lobby.join(client.ws, platform, role)).toBe(true);
			expect(await lobby.join(client.ws, platform, role)).toBe(true);
			const [[event, members]] = client.on(LOBBY) as [[string, any[]]];
			expect([event, roles(members)]).toEqual(['members', joined.slice(0, i + 1)]);
			expect(new Set(members.map(({ id }) => id)).size).toBe(i + 1);
		}
		for (const { lobby } of all) {
			expect(roles(await lobby.members())).toEqual(joined);
			expect(await lobby.count()).toBe(4);
		}
		expect(all.flatMap(({ lobby }) => lobby.localMembers())).toHaveLength(4);
	});

	it('has no more members than may be, however many ask at once on all nodes', async () => {
		const full: unknown[] = [];
		const { all } = await nodes(count, over, () => ({ maxMembers: 5, onFull: (ws) => full.push(ws) }));
		const come = [];
		for (let i = 0; i < 20; i++) {
			const { enter, lobby, platform } = all[i % count]!;
			come.push({ ws: (await enter({})).ws, lobby, platform });
		}
		const asked = await Promise.all(come.map(async (one) => ({ ...one, isIn: await one.lobby.join(one.ws, one.platform) })));
		const [members, refused] = [asked.filter(({ isIn }) => isIn), asked.filter(({ isIn }) => !isIn)];
		expect([members.length, full.length, await all[0]!.lobby.count()]).toEqual([5, 15, 5]);
		expect(refused.every(({ ws, lobby }) => ws.getTopics().length === 0 && !lobby.has(ws))).toBe(true);
		const [first] = members;
		expect(await first!.lobby.leave(first!.ws, first!.platform)).toBe(true);
		expect(await first!.lobby.leave(first!.ws, first!.platform)).toBe(false);
		const late = refused.at(-1)!;
		expect(await late.lobby.join(late.ws, late.platform)).toBe(true);
		expect(await all.at(-1)!.lobby.count()).toBe(5);
	});

	it('sends events to all members of all nodes, to those of a role, and to nobody else', async () => {
		const { all } = await nodes(count, over);
		const clients = [];
		for (const [i, role] of (['admin', 'viewer', 'admin', 'member'] as const).entries()) {
			const { enter, lobby, platform } = all[i % count]!;
			const client = await enter({});
			await lobby.join(client.ws, platform, role);
			clients.push({ client, role });
		}
		const outsider = await all[0]!.enter({});
		await settle();
		for (const { client } of clients) client.on(LOBBY);
		all.at(-1)!.lobby.publish(all.at(-1)!.platform, 'news', 1);
		all[0]!.lobby.publish(all[0]!.platform, 'secret', { n: 2 }, 'admin');
		for (const { client, role } of clients)
			expect(client.on(LOBBY)).toEqual([['news', 1], ...(role === 'admin' ? [['secret', { n: 2 }]] : [])]);
		expect(outsider.heard()).toEqual([]);
		expect(() => all[0]!.lobby.publish(all[0]!.platform, 'x', 1, 'owner' as never)).toThrow('role: got owner');
	});

	it('tells the members of all nodes who comes and goes', async () => {
		const { all } = await nodes(count, over);
		const [here, there] = [all[0]!, all.at(-1)!];
		const ann = await here.enter({});
		await here.lobby.join(ann.ws, here.platform);
		ann.on(LOBBY);
		await there.enter({});
		const bob = await there.enter({});
		bob.say({ type: 'group-join', group: 'lobby' });
		await vi.waitFor(() => expect(ann.on(LOBBY)).toEqual([['join', { id: expect.any(String), role: 'member', count: 2 }]]));
		bob.leave();
		await vi.waitFor(() => expect(ann.on(LOBBY)).toEqual([['leave', { id: expect.any(String), role: 'member', count: 1 }]]));
		expect(await here.lobby.count()).toBe(1);
	});

	it('ends on all nodes', async () => {
		const closed: number[] = [];
		const { all } = await nodes(count, over, (n) => ({ onClose: () => closed.push(n) }));
		const clients = [];
		for (const { enter, lobby, platform } of all) {
			const client = await enter({});
			await lobby.join(client.ws, platform);
			clients.push(client);
		}
		await settle();
		for (const client of clients) client.on(LOBBY);
		const { lobby, platform } = all.at(-1)!;
		await Promise.all([lobby.close(platform), lobby.close(platform)]);
		await lobby.close(platform);
		for (const client of clients) expect([client.on(LOBBY), client.ws.getTopics()]).toEqual([[['close', null]], []]);
		expect([closed.toSorted(), await lobby.count()]).toEqual([all.map((_, i) => i + 1), 0]);
		const late = await all[0]!.enter({});
		expect(await all[0]!.lobby.join(late.ws, all[0]!.platform)).toBe(false);
	});

	it('forgets the members of a node that died, and tells the others', async () => {
		const { all, clock, primary } = await nodes(count, over);
		const { enter, lobby, platform } = all[0]!;
		const ann = await enter({});
		await lobby.join(ann.ws, platform);
		await primary.group.join('lobby', { id: 'gone:1', node: 'gone', role: 'admin' }, { ttlMs: 9_000 });
		const bob = await enter({});
		await lobby.join(bob.ws, platform);
		expect(roles((bob.on(LOBBY) as [[string, any[]]])[0][1])).toEqual(['member', 'admin', 'member']);
		ann.on(LOBBY);
		await primary.group.drop('gone');
		clock.pass(3_000);
		await vi.waitFor(() =>
			expect(ann.on(LOBBY).map(([event, list]) => [event, roles(list)])).toEqual([['members', ['member', 'member']]])
		);
		// What has not changed is not told again, and who is renewed stays.
		for (let i = 0; i < 10; i++) {
			const asked = vi.spyOn(primary.group, 'state');
			lobby.publish(platform, 'news', i);
			all.at(-1)!.lobby.publish(all.at(-1)!.platform, 'news', i);
			clock.pass(3_000);
			await vi.waitFor(() => expect(asked).toHaveBeenCalled());
			await settle();
			asked.mockRestore();
		}
		expect(new Set(ann.on(LOBBY).map(([event]) => event))).toEqual(new Set(['news']));
		expect(await lobby.count()).toBe(2);
	});
});

it('takes a member back that the store has lost, and lets one go that was not taken out', async () => {
	const errors: unknown[] = [];
	const { all, clock, primary } = await nodes(1, 'memory', () => ({ maxMembers: 2, onError: (error) => errors.push(error) }));
	const { enter, lobby, platform } = all[0]!;
	const [ann, bob] = [await enter({}), await enter({})];
	for (const { ws } of [ann, bob]) await lobby.join(ws, platform);
	await primary.group.drop('n1');
	expect(await lobby.count()).toBe(0);
	clock.pass(3_000);
	await vi.waitFor(async () => expect(await lobby.count()).toBe(2));
	const failing = vi.spyOn(primary.group, 'leave').mockRejectedValueOnce(new Error('store is away'));
	ann.leave();
	await settle();
	expect([errors, lobby.localMembers().length, await lobby.count()]).toEqual([[new Error('store is away')], 1, 2]);
	failing.mockRestore();
	clock.pass(3_000);
	await vi.waitFor(async () => expect(await lobby.count()).toBe(1));
});

it('lets a member go whose place was taken while the store had lost it', async () => {
	const left: unknown[] = [];
	const { all, clock, primary } = await nodes(1, 'memory', () => ({ maxMembers: 1, onLeave: (ws) => left.push(ws) }));
	const { enter, lobby, platform } = all[0]!;
	const ann = await enter({});
	await lobby.join(ann.ws, platform);
	await primary.group.drop('n1');
	await primary.group.join('lobby', { id: 'n2:1', node: 'n2', role: 'member' }, { ttlMs: 60_000 });
	clock.pass(3_000);
	await vi.waitFor(() => expect(left).toEqual([ann.ws]));
	expect([lobby.has(ann.ws), ann.ws.getTopics()]).toEqual([false, []]);
});

it('leaves nothing of a client that goes while it is being let in', async () => {
	const { all, clock } = await nodes(1, 'primary');
	const { enter, lobby, platform } = all[0]!;
	const [ann, bob] = [await enter({}), await enter({})];
	const joining = lobby.join(ann.ws, platform);
	ann.leave();
	expect(await joining).toBe(false);
	const other = lobby.join(bob.ws, platform);
	const leaving = lobby.leave(bob.ws, platform);
	expect([await other, await leaving, lobby.has(bob.ws)]).toEqual([true, true, false]);
	await vi.waitFor(async () => expect(await lobby.count()).toBe(0));
	expect(clock.pending).toBe(0);
});

it('rejects what the store rejects, and hears of it where nobody waits', async () => {
	const errors: unknown[] = [];
	const { all, primary } = await nodes(1, 'memory', () => ({ onError: (error) => errors.push(error) }));
	const { enter, lobby, platform } = all[0]!;
	const ann = await enter({});
	const failing = vi.spyOn(primary.group, 'join').mockRejectedValue(new Error('store is away'));
	await expect(lobby.join(ann.ws, platform)).rejects.toThrow('store is away');
	ann.say({ type: 'group-join', group: 'lobby' });
	await settle();
	expect(errors).toEqual([new Error('store is away')]);
	failing.mockRestore();
	expect(await lobby.join(ann.ws, platform)).toBe(true);
	await expect(lobby.join(ann.ws, platform, 'owner' as never)).rejects.toThrow('role: got owner');
	vi.spyOn(primary.group, 'close').mockRejectedValueOnce(new Error('store is away'));
	await expect(lobby.close(platform)).rejects.toThrow('store is away');
	await lobby.close(platform);
	expect(lobby.has(ann.ws)).toBe(false);
});

it('undoes a join whose onJoin rejects, on all nodes', async () => {
	const { all } = await nodes(2, 'primary', () => ({ onJoin: () => Promise.reject(new Error('no')), onError: () => {} }));
	const { enter, lobby, platform } = all[0]!;
	const ann = await enter({});
	expect(await lobby.join(ann.ws, platform)).toBe(true);
	await vi.waitFor(async () => expect(await all[1]!.lobby.count()).toBe(0));
	expect([lobby.has(ann.ws), ann.ws.getTopics()]).toEqual([false, []]);
});

it('lets no client hold the topic of roles, also where the server lets clients have system topics', async () => {
	const clock = new TestClock();
	const stores = memoryStores('n1', clock, counterId());
	const lobby = createGroup('lobby', { clock, stores });
	const { enter } = await startPlugin(lobby.hooks, { options: { allowSystemTopicSubscribe: true } });
	const ann = await enter({});
	ann.say({ type: 'subscribe', topic: '__group-role:lobby', ref: 1 });
	await settle();
	expect(ann.heard()).toEqual([{ type: 'subscribe-denied', topic: '__group-role:lobby', ref: 1, reason: 'FORBIDDEN' }]);
});

it.each(TRANSPORTS)('%s: a page puts together what workers tell of members, in whatever order', async (transport) => {
	const stores = memoryStores('n1', new TestClock(), counterId());
	const lobby = createGroup('lobby', { stores });
	const { server } = await startPage(transport, lobby.hooks, { stores });
	await stores.group.join('lobby', { id: 'n2:1', node: 'n2', role: 'admin' }, { ttlMs: 60_000 });
	const members = watch(group('lobby').members);
	await vi.waitFor(() => expect(roles(members.last)).toEqual(['admin', 'member']));
	const tell = (event: string, id: string, role: string): unknown =>
		server.platform.publish(LOBBY, event, { id, role, count: 0 });
	tell('join', 'n2:1', 'admin');
	tell('leave', 'n3:9', 'member');
	tell('join', 'n2:2', 'viewer');
	tell('leave', 'n2:1', 'admin');
	await vi.waitFor(() => expect(roles(members.last)).toEqual(['member', 'viewer']));
	expect(await lobby.count()).toBe(2);
});

it('refuses times that are none', () => {
	const stores = memoryStores('n1', new TestClock(), counterId());
	expect(() => createGroup('x', { stores, ttl: 0 })).toThrow('createGroup: ttl: got 0');
	expect(() => createGroup('x', { stores, closedTtl: -1 })).toThrow('createGroup: closedTtl: got -1');
});
