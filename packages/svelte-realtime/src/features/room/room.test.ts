import { manualClock } from 'svelte-adapter-uws/testing';
import { describe, expect, it } from 'vitest';
import { createLiveServer, TRANSPORTS, until, watch, type Page } from '../../../test/live-server.ts';
import { createRuntime } from '../../../test/support.ts';
import { createRoom } from '../../client/room.ts';
import type { RoomConfig } from '../../define/room-config.ts';
import { live } from '../../define/live.ts';
import { LiveError } from '../../shared/error.ts';
import { GRACE_MS } from './attendance.ts';

const PATH = 'chat/desk';
const SHAPE = { presence: true, cursors: true, actions: ['pin', 'fail'] } as const;

function desk(more: Partial<RoomConfig> = {}) {
	const told: string[] = [];
	const definition = live.room({
		topic: (ctx, id: string) => `desk:${id}`,
		topicArgs: 1,
		init: (_ctx, id: string) => [{ id: 'n1', text: `note of ${id}` }],
		presence: (ctx) => ({ nick: `nick of ${ctx.user?.id}` }),
		cursors: { throttle: 0 },
		guard(_ctx, id: string) {
			if (id === 'closed') throw new Error('not for you');
		},
		onJoin: (ctx, id) => told.push(`${ctx.user?.id} came to ${id}`),
		onLeave: (ctx, topic) => told.push(`${ctx.user?.id} left ${topic}`),
		actions: {
			pin: (ctx, id: string, note: string) => ctx.publish('created', { id: note, text: `pinned to ${id}` }),
			fail: () => {
				throw new LiveError('FULL', 'The desk is full.');
			}
		},
		...more
	});
	return { definition, told };
}

const roomOf = (page: Page): any => createRoom(page.live, PATH, SHAPE);

describe.each(TRANSPORTS)('a room on %s', (transport) => {
	it('shows its data, who is there and where their cursors are', async () => {
		const clock = manualClock();
		const { definition, told } = desk();
		await using app = await createLiveServer({ [PATH]: definition }, { transport, runtime: { clock } });
		const [ann, bob] = [app.page('ann'), app.page('bob')];
		const [atAnn, atBob] = [roomOf(ann), roomOf(bob)];

		const data = watch<any>(atAnn.data('7'));
		const presence = watch<any>(atAnn.presence('7'));
		await until(() => presence.value?.length === 1);
		expect(data.value).toEqual([{ id: 'n1', text: 'note of 7' }]);
		expect(presence.value).toEqual([{ key: 'ann', data: { nick: 'nick of ann' } }]);

		const dataOfBob = watch<any>(atBob.data('7'));
		await until(() => presence.value.length === 2);
		expect(presence.value[1]).toEqual({ key: 'bob', data: { nick: 'nick of bob' } });

		await expect(atBob.pin('7', 'n2')).resolves.toBe(true);
		await until(() => data.value.length === 2 && dataOfBob.value?.length === 2);
		expect(data.value[1]).toEqual({ id: 'n2', text: 'pinned to 7' });
		await expect(atBob.fail('7')).rejects.toMatchObject({ code: 'FULL' });

		const cursors = watch<any>(atAnn.cursors('7'));
		await until(() => Array.isArray(cursors.value));
		atBob.moveCursor('7', { x: 1, y: 2 });
		await until(() => cursors.value.length === 1);
		expect(cursors.value).toEqual([{ key: 'bob', data: { x: 1, y: 2 } }]);
		const late = watch<any>(atBob.cursors('7'));
		await until(() => late.value?.length === 1);

		bob.client.close();
		await until(() => cursors.value.length === 0 && told.length === 3);
		expect(told).toEqual(['ann came to 7', 'bob came to 7', 'bob left desk:7']);
		expect(presence.value).toHaveLength(2);
		clock.advance(GRACE_MS);
		await until(() => presence.value.length === 1);
		expect(app.errors).toEqual([]);
	});

	it('counts a person with two connections once, and one who reloads the page not at all', async () => {
		const clock = manualClock();
		await using app = await createLiveServer({ [PATH]: desk().definition }, { transport, runtime: { clock } });
		const seen: string[] = [];
		app.platform.tap(({ topic, event }) => void (topic === 'desk:7:presence' && seen.push(event)));
		const [first, second] = [app.page('ann'), app.page('ann')];
		watch(roomOf(first).data('7'));
		await until(() => seen.length === 1);
		const data = watch<any>(roomOf(second).data('7'));
		await until(() => data.value);
		first.client.close();
		await until(() => app.platform.connections === 1);
		clock.advance(GRACE_MS);
		await until(async () => (await app.platform.stores.presence.list('desk:7')).length === 1);
		second.client.close();
		await until(() => app.platform.connections === 0);
		clock.advance(GRACE_MS - 1);
		const third = watch<any>(roomOf(app.page('ann')).data('7'));
		await until(() => third.value);
		clock.advance(1);
		await until(async () => (await app.platform.stores.presence.list('desk:7')).length === 1);
		expect(seen).toEqual(['join']);
	});
});

it('asks the guard of the room before anything else, and leaves nothing behind of who was denied', async () => {
	const { definition, told } = desk();
	await using app = await createRuntime({ [PATH]: definition });
	const ann = await app.connect('ann');
	for (const [id, request] of Object.entries({
		data: { rpc: `${PATH}/__data`, stream: true, args: ['closed'] },
		presence: { rpc: `${PATH}/__presence`, stream: true, args: ['closed'] },
		cursors: { rpc: `${PATH}/__cursors`, stream: true, args: ['closed'] },
		pin: { rpc: `${PATH}/__action/pin`, args: ['closed', 'n2'] },
		move: { rpc: `${PATH}/__action/moveCursor`, args: ['closed', {}] }
	}))
		expect(await ann.ask({ ...request, id })).toMatchObject({ ok: false, code: 'FORBIDDEN' });
	expect([...app.connections][0]!.getTopics()).toEqual([]);
	expect(await app.platform.stores.presence.list('desk:closed')).toEqual([]);
	expect(told).toEqual([]);
});

it('gives no one a place whose load fails', async () => {
	const { definition, told } = desk({
		init: () => {
			throw new LiveError('GONE');
		}
	});
	await using app = await createRuntime({ [PATH]: definition });
	const ann = await app.connect('ann');
	expect(await ann.ask({ rpc: `${PATH}/__data`, stream: true, args: ['7'], id: 'a' })).toMatchObject({ code: 'GONE' });
	expect(await app.platform.stores.presence.list('desk:7')).toEqual([]);
	expect(told).toEqual([]);
});

it('pairs onJoin and onLeave without presence, and reports what they throw', async () => {
	const told: string[] = [];
	const definition = live.room({
		topic: (ctx, id: string) => `desk:${id}`,
		init: () => [],
		onJoin() {
			told.push('join');
			throw new Error('join');
		},
		onLeave() {
			told.push('leave');
			return Promise.reject(new Error('leave'));
		}
	});
	await using app = await createRuntime({ [PATH]: definition });
	const ann = await app.connect('ann');
	const ask = { rpc: `${PATH}/__data`, stream: true, args: ['7'] };
	expect(await ann.ask({ ...ask, id: 'a' })).toMatchObject({ ok: true });
	expect(await ann.ask({ ...ask, id: 'b' })).toMatchObject({ ok: true });
	expect(await ann.ask({ rpc: `${PATH}/__presence`, stream: true, args: ['7'], id: 'c' })).toMatchObject({ code: 'NOT_FOUND' });
	ann.say({ type: 'unsubscribe', topic: 'desk:7' });
	await until(() => app.errors.length === 2);
	expect(told).toEqual(['join', 'leave']);
	expect(app.errors.map(([path]) => path)).toEqual([PATH, PATH]);
});

it('refuses names that belong to another room, and cursors of those who are not there', async () => {
	await using app = await createRuntime({ [PATH]: desk().definition });
	const ann = await app.connect('ann');
	for (const id of ['7:presence', '7:cursors', 'a"b', ''.padEnd(300, 'x')])
		expect(await ann.ask({ rpc: `${PATH}/__action/pin`, args: [id, 'n'], id: `p${id.slice(0, 20)}` })).toMatchObject({
			code: 'INVALID_REQUEST'
		});
	expect(await ann.ask({ rpc: `${PATH}/__action/moveCursor`, args: ['7', {}], id: 'm' })).toMatchObject({ code: 'FORBIDDEN' });
	expect(await ann.ask({ rpc: PATH, id: 'r' })).toMatchObject({ code: 'INVALID_REQUEST' });
});

it('keeps clients from joining the topics of a room by their names', async () => {
	await using app = await createRuntime({ [PATH]: desk().definition });
	const ann = await app.connect('ann');
	for (const topic of ['desk:7', 'desk:7:presence', 'desk:7:cursors']) ann.say({ type: 'subscribe', topic, ref: topic });
	ann.say({ type: 'subscribe', topic: 'news', ref: 'news' });
	await until(() => ann.frames.some(({ type, topic }) => type === 'subscribed' && topic === 'news'));
	expect([...app.connections][0]!.getTopics()).toEqual(['news']);
});

it('tells its own clients of those whose node died', async () => {
	const clock = manualClock();
	await using app = await createRuntime({ [PATH]: desk().definition }, undefined, { clock });
	const ann = await app.connect('ann');
	await ann.ask({ rpc: `${PATH}/__data`, stream: true, args: ['7'], id: 'd' });
	const { presence } = app.platform.stores;
	await presence.join('desk:7', { key: 'far', connection: 'c1', node: 'other', data: null }, 60_000);
	await ann.ask({ rpc: `${PATH}/__presence`, stream: true, args: ['7'], id: 'p' });
	const leaves = (): unknown[] => ann.frames.filter(({ event }) => event === 'leave').map(({ data }) => data);
	// Before any look at who is there: the primary of a cluster drops what a worker had when it is gone.
	await presence.drop('other');
	await until(() => (clock.advance(10_000), leaves().length > 0));
	expect(leaves()).toEqual([{ key: 'far' }]);
});

it('refuses a configuration that cannot work', () => {
	const topic = (): string => 'x';
	const init = (): unknown[] => [];
	for (const [config, message] of [
		[{ init }, 'topic'],
		[{ topic }, 'init'],
		[{ topic, init, actions: { a: init } }, 'topicArgs'],
		[{ topic, init, topicArgs: -1 }, 'topicArgs'],
		[{ topic, init, topicArgs: 0, actions: { data: init } }, 'actions'],
		[{ topic, init, topicArgs: 0, actions: { 'a-b': init } }, 'actions'],
		[{ topic, init, cursors: { throttle: -1 } }, 'throttle'],
		[{ topic, init, gaurd: init }, 'gaurd'],
		[{ topic, init, guard: true }, 'guard']
	] as const)
		expect(() => live.room(config as never)).toThrow(message);
});

it.each(['leaves the room', 'closes'])(
	'keeps nobody in a room who %s while presence is made, or whose presence fails',
	async (how) => {
		const clock = manualClock();
		const made = Promise.withResolvers<object>();
		let calls = 0;
		const { definition, told } = desk({
			presence: (ctx) => {
				calls++;
				if (ctx.user.id === 'eve') throw new Error('no presence');
				return ctx.user.id === 'ann' ? made.promise : { nick: 'bob' };
			}
		});
		await using app = await createRuntime({ [PATH]: definition }, undefined, { clock });
		const [ann, bob, eve] = [await app.connect('ann'), await app.connect('bob'), await app.connect('eve')];
		const enter = (id: string) => ({ rpc: `${PATH}/__data`, id, stream: true, args: ['7'] });
		ann.say(enter('1'));
		await until(() => calls === 1);
		if (how === 'closes') ann.peer.close();
		else ann.say({ type: 'unsubscribe', topic: 'desk:7', ref: 1 });
		await until(() => app.platform.subscribers('desk:7') === 0);
		made.resolve({ nick: 'ann' });
		expect(await bob.ask(enter('2'))).toMatchObject({ ok: true });
		expect(await eve.ask(enter('3'))).toMatchObject({ ok: false, code: 'INTERNAL_ERROR' });
		await eve.leave();
		clock.advance(GRACE_MS);
		await until(async () => (await app.platform.stores.presence.list('desk:7')).length === 1);
		expect(await app.platform.stores.presence.list('desk:7')).toMatchObject([{ key: 'bob' }]);
		// Who never came does not leave.
		expect(told).toEqual(['bob came to 7']);
	}
);
