import { expect, it, vi } from 'vitest';
import { crud } from '../../src/client/store/crud.ts';
import { on } from '../../src/client/store/on.ts';
import { onReplay } from '../../src/client/service/replay.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { manualClock } from '../../src/host/clock.ts';
import { createReplay, type ReplayOptions } from '../../src/plugins/replay.ts';
import { MemoryReplayStore } from '../../src/service/replay/memory-store.ts';
import { counterId, settle, testStores } from '../support/core.ts';
import { startPlugin } from '../support/plugin-core.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';

const CHAT = '__replay:chat';

async function start(options: ReplayOptions = {}, hooks: WebSocketHooks = {}) {
	const replay = createReplay(options);
	const core = await startPlugin({ ...replay.hooks, ...hooks });
	const say = (...texts: string[]): void => texts.forEach((text) => replay.publish(core.platform, 'chat', 'said', text));
	return { ...core, replay, say };
}

it('keeps copies under the numbers of the published envelopes', async () => {
	const { enter, replay, platform } = await start();
	const ann = await enter({}, 'chat');
	platform.publish('chat', 'typing', 1);
	const data = { text: 'hi' };
	expect(replay.publish(platform, 'chat', 'said', data)).toBe(true);
	data.text = 'changed';
	platform.publish('chat', 'typing', 2);
	replay.publish(platform, 'chat', 'left');
	expect(ann.heard().map(({ event, seq }: any) => [event, seq])).toEqual([
		['typing', 1],
		['said', 2],
		['typing', 3],
		['left', 4]
	]);
	expect(replay.seq('chat')).toBe(4);
	expect(replay.since('chat', 1)).toEqual([
		{ seq: 2, topic: 'chat', event: 'said', data: { text: 'hi' } },
		{ seq: 4, topic: 'chat', event: 'left', data: null }
	]);
	for (const bad of [-1, 1.5, NaN, '1' as unknown as number]) expect(replay.since('chat', bad)).toEqual([]);
	expect([replay.seq('other'), replay.since('other', 0)]).toEqual([0, []]);
});

it('keeps nothing that could not be published', async () => {
	const { replay, platform } = await start();
	expect(() => replay.publish(platform, 'chat', 'said', 1n)).toThrow(TypeError);
	expect(() => replay.publish(platform, 'a"b', 'said')).toThrow(TypeError);
	expect([replay.seq('chat'), replay.seq('a"b')]).toEqual([0, 0]);
});

it('sends what was missed, then the end, with the id of the request', async () => {
	const { enter, say } = await start();
	say('one', 'two', 'three');
	const ann = await enter({});
	ann.say({ type: 'replay', topic: 'chat', since: 1, reqId: 7 });
	await settle();
	expect(ann.on(CHAT)).toEqual([
		['msg', { reqId: 7, seq: 2, event: 'said', data: 'two' }],
		['msg', { reqId: 7, seq: 3, event: 'said', data: 'three' }],
		['end', { reqId: 7 }]
	]);
	ann.say({ type: 'replay', topic: 'chat', since: 3 });
	await settle();
	expect(ann.on(CHAT)).toEqual([['end', null]]);
	for (const since of ['x', -1, null]) ann.say({ type: 'replay', topic: 'chat', since });
	await settle();
	expect(ann.on(CHAT)).toEqual([1, 2, 3].map(() => ['end', null]));
});

it('ignores requests for what is no topic of a client', async () => {
	const { enter, replay } = await start();
	const ann = await enter({});
	for (const topic of [1, '__rpc', 'a"b', '']) ann.say({ type: 'replay', topic, since: 0 });
	await settle();
	expect(ann.heard()).toEqual([]);
	expect(replay.hooks.message(ann.ws, { text: '{"type":"replayed"}' } as never)).toBe(false);
});

it('asks the app before it shows anything, and says that it is denied', async () => {
	const { enter, say } = await start({}, { subscribe: async (_ws, topic) => topic !== 'chat' || 'UNAUTHENTICATED' });
	say('secret');
	const ann = await enter({});
	ann.say({ type: 'replay', topic: 'chat', since: 0, reqId: 'r' });
	await settle();
	expect(ann.on(CHAT)).toEqual([['denied', { code: 'UNAUTHENTICATED', reqId: 'r' }]]);
	ann.say({ type: 'resume', sessionId: 's', lastSeenSeqs: { chat: 0 } });
	await settle();
	expect(ann.heard()).toEqual([{ type: 'resumed' }]);
	expect(ann.ws.getTopics()).toEqual([]);
});

it('says what is lost: below what is kept, above what there is, forgotten, cleared, of another life', async () => {
	const { enter, say, replay, platform } = await start({ size: 2, maxTopics: 1 });
	const ann = await enter({});
	const ask = async (since: number, ep?: string, topic = 'chat') => {
		ann.say({ type: 'replay', topic, since, ...(ep && { ep }) });
		await settle();
		return ann.on(`__replay:${topic}`).map(([event, data]) => data?.seq ?? data?.truncated ?? event);
	};
	expect(await ask(0)).toEqual(['end']);
	say('1', '2', '3');
	expect(await ask(0)).toEqual([2, 3, true]);
	expect(await ask(1)).toEqual([2, 3, 'end']);
	expect(await ask(4)).toEqual([true]);
	expect(await ask(1, platform.epoch)).toEqual([2, 3, 'end']);
	expect(await ask(1, 'before')).toEqual([true]);
	replay.publish(platform, 'other', 'x');
	expect([replay.seq('chat'), replay.since('chat', 0)]).toEqual([0, []]);
	expect(await ask(0)).toEqual([true]);
	expect(await ask(3)).toEqual([true]);
	say('4');
	expect(await ask(2)).toEqual([4, true]);
	expect(await ask(3)).toEqual([4, 'end']);
	replay.clear();
	expect(await ask(0)).toEqual([true]);
	for (let i = 0; i < 12; i++) replay.publish(platform, `t${i}`, 'x');
	// By now it is not even known any more which topics were forgotten.
	expect(await ask(0, undefined, 'never')).toEqual([true]);
});

it('lets go of what is older than its time, and says that it is lost', async () => {
	const clock = manualClock();
	const { enter, say, replay } = await start({ ttl: 120_000, clock });
	const ann = await enter({});
	const ask = async (since: number) => {
		ann.say({ type: 'replay', topic: 'chat', since });
		await settle();
		return ann.on(CHAT).map(([event, data]) => data?.seq ?? data?.truncated ?? event);
	};
	say('1');
	clock.advance(119_999);
	say('2');
	expect(await ask(0)).toEqual([1, 2, 'end']);
	clock.advance(1);
	expect(await ask(0)).toEqual([2, true]);
	expect(await ask(1)).toEqual([2, 'end']);
	clock.advance(120_000);
	expect([await ask(1), await ask(2), replay.seq('chat'), replay.since('chat', 0)]).toEqual([[true], ['end'], 2, []]);
	say('3');
	expect(await ask(2)).toEqual([3, 'end']);
});

it('forgets the topic that was used longest ago', async () => {
	const { replay, platform } = await start({ maxTopics: 2 });
	for (const topic of ['a', 'b']) replay.publish(platform, topic, 'x');
	replay.since('a', 0);
	replay.publish(platform, 'c', 'x');
	expect(['a', 'b', 'c'].map((topic) => replay.seq(topic))).toEqual([1, 0, 1]);
	replay.clearTopic('c');
	expect(replay.seq('c')).toBe(0);
});

it('refuses caps that are none', () => {
	for (const options of [{ size: 0 }, { size: 1.5 }, { maxTopics: -1 }, { maxTopics: Infinity }, { size: '5' as never }])
		expect(() => createReplay(options)).toThrow(
			/^createReplay: (size|maxTopics): got .*, expected a whole number of 1 or more\.$/
		);
	expect(() => createReplay({ ttl: -1 })).toThrow('createReplay: ttl: got -1, expected a finite number of 0 or more.');
});

it('sends a client that comes back what it missed as ordinary events, with their positions', async () => {
	const { enter, say, platform } = await start();
	say('one', 'two');
	const ann = await enter({});
	ann.say({ type: 'hello', caps: ['batch', 'epoch'] });
	ann.say({ type: 'resume', sessionId: 's', lastSeenSeqs: { chat: 1, other: 4 }, eps: { chat: platform.epoch } });
	ann.say({ type: 'subscribe', topic: 'chat', ref: 1 });
	await settle();
	say('three');
	const { epoch: ep } = platform;
	expect(ann.heard()).toEqual([
		{ topic: 'chat', event: 'said', data: 'two', seq: 2, ep },
		{ type: 'resumed' },
		{ type: 'subscribed', topic: 'chat', ref: 1 },
		{ topic: 'chat', event: 'said', data: 'three', seq: 3, ep }
	]);
	const old = await enter({});
	old.say({ type: 'resume', sessionId: 's', lastSeenSeqs: { chat: 2 } });
	await settle();
	expect(old.heard()).toEqual([{ topic: 'chat', event: 'said', data: 'three', seq: 3 }, { type: 'resumed' }]);
	const late = await enter({});
	late.say({ type: 'resume', sessionId: 's', lastSeenSeqs: { chat: 99 } });
	await settle();
	expect(late.heard()).toEqual([{ topic: CHAT, event: 'truncated', data: null }, { type: 'resumed' }]);
});

it.each([
	['replay', { type: 'replay', topic: 'chat', since: 1 }],
	['resume', { type: 'resume', sessionId: 's', lastSeenSeqs: { chat: 1 } }]
])(
	'%s: ends a connection that has no room for all that was missed, whose client goes on from there later',
	async (_name, frame) => {
		const { enter, say } = await start();
		say('one', 'two', 'three');
		const { socket, say: ask, heard } = await enter({});
		const send = socket.send.bind(socket);
		let room = 1;
		socket.send = (text) => (room-- > 0 ? send(text) : 'dropped');
		ask(frame);
		await settle();
		expect(heard()).toHaveLength(1);
		expect(socket.closed).toEqual([1013, 'more was missed than can be sent at once']);
	}
);

it('keeps events in a store that all nodes share, numbered by it', async () => {
	const store = new MemoryReplayStore(manualClock(), counterId());
	const errors: unknown[] = [];
	const replay = createReplay({ store, onError: (error) => errors.push(error) });
	const { enter, platform } = await startPlugin(replay.hooks, { stores: { ...testStores(), replay: store } });
	await store.append('chat', 'said', 'of another node');
	const ann = await enter({}, 'chat');
	replay.publish(platform, 'chat', 'said', 'mine');
	await settle();
	expect(ann.heard()).toEqual([{ topic: 'chat', event: 'said', data: 'mine', seq: 2 }]);
	expect([await replay.seq('chat'), await replay.since('chat', 1)]).toEqual([
		2,
		[{ seq: 2, topic: 'chat', event: 'said', data: 'mine' }]
	]);
	expect(await replay.since('chat', -1)).toEqual([]);
	ann.say({ type: 'replay', topic: 'chat', since: 0 });
	await settle();
	expect(ann.on(CHAT).map(([event, data]) => data?.data ?? event)).toEqual(['of another node', 'mine', 'end']);
	ann.say({ type: 'replay', topic: 'chat', since: 9 });
	await settle();
	expect(ann.on(CHAT)).toEqual([['end', { truncated: true }]]);
	await replay.clear();
	expect(await replay.seq('chat')).toBe(0);
	store.current = () => Promise.reject(new Error('away'));
	ann.say({ type: 'replay', topic: 'chat', since: 0 });
	await settle();
	expect(ann.on(CHAT)).toEqual([['end', { truncated: true }]]);
	expect(errors).toEqual([new Error('away')]);
});

it('loses nothing that is published while the store looks', async () => {
	const store = new MemoryReplayStore(manualClock(), counterId());
	const replay = createReplay({ store });
	const { enter, platform } = await startPlugin(replay.hooks, { stores: { ...testStores(), replay: store } });
	replay.publish(platform, 'chat', 'said', 1);
	await settle();
	const { promise, resolve } = Promise.withResolvers<void>();
	const since = store.since.bind(store);
	store.since = async (...args) => {
		const found = await since(...args);
		await promise;
		return found;
	};
	const ann = await enter({});
	ann.say({ type: 'replay', topic: 'chat', since: 0 });
	await settle();
	replay.publish(platform, 'chat', 'said', 2);
	await settle();
	resolve();
	await settle();
	expect(ann.on(CHAT).map(([event, data]) => data?.seq ?? event)).toEqual([1, 2, 'end']);
});

it.each(TRANSPORTS)(
	'%s: onReplay shows what was missed, then what comes, nothing twice, and so after a reconnect',
	async (transport) => {
		const replay = createReplay();
		const { message } = replay.hooks;
		const { server, sockets } = await startPage(transport, { message });
		const say = (text: string): void => void replay.publish(server.platform, 'chat', 'said', text);
		say('1');
		say('2');
		const messages = onReplay<string>('chat', { since: 1 });
		const list = watch(messages.scan<string[]>([], (all, { data }) => [...all, data]));
		const { values } = watch(messages);
		await vi.waitFor(() => expect(values.at(-1)).toEqual({ topic: 'chat', event: 'said', data: '2', seq: 2 }));
		say('3');
		await vi.waitFor(() => expect(list.last).toEqual(['2', '3']));
		sockets[0]!.close(1012, 'restart');
		say('4');
		await vi.waitFor(() => expect(list.last).toEqual(['2', '3', '4']));
		say('5');
		await vi.waitFor(() => expect(list.last).toEqual(['2', '3', '4', '5']));
		list.stop();
		const again = watch(messages.scan<string[]>([], (all, { data }) => [...all, data]));
		await vi.waitFor(() => expect(again.last).toEqual(['2', '3', '4', '5']));
	}
);

it.each(TRANSPORTS)('%s: onReplay goes on after a denial, and tells of it and of what is lost', async (transport) => {
	const replay = createReplay({ size: 1 });
	let isClosed = true;
	const { server } = await startPage(transport, {
		...replay.hooks,
		subscribe: (_ws, topic, { checking }) => topic !== 'secret' || !isClosed || !checking
	});
	for (const topic of ['secret', 'chat']) for (let i = 0; i < 3; i++) replay.publish(server.platform, topic, 'said', i);
	const secret = watch(onReplay('secret', { since: 0 }));
	await vi.waitFor(() => expect(secret.last).toEqual({ topic: 'secret', event: 'denied', data: { code: 'FORBIDDEN' } }));
	server.platform.publish('secret', 'said', 'live');
	await vi.waitFor(() => expect(secret.last).toMatchObject({ event: 'said', data: 'live' }));
	const chat = watch(onReplay('chat', { since: 0 }));
	await vi.waitFor(() => expect(chat.values.map((value) => value?.event)).toEqual([undefined, 'said', 'truncated']));
	isClosed = false;
	expect(() => onReplay('chat', { since: '1' as never })).toThrow('onReplay: since: got 1');
});

it.each(TRANSPORTS)('%s: resume fills plain stores after a reconnect', async (transport) => {
	const replay = createReplay();
	const { server, sockets, page } = await startPage(transport, replay.hooks);
	const list = watch(crud<{ id: number }>('todos'));
	const latest = watch(on('todos', 'created'));
	await vi.waitFor(() => expect(server.platform.subscribers('todos')).toBe(1));
	replay.publish(server.platform, 'todos', 'created', { id: 1 });
	await vi.waitFor(() => expect(list.last).toEqual([{ id: 1 }]));
	sockets[0]!.close(1012, 'restart');
	replay.publish(server.platform, 'todos', 'created', { id: 2 });
	await page.ready();
	await vi.waitFor(() => expect(list.last).toEqual([{ id: 1 }, { id: 2 }]));
	replay.publish(server.platform, 'todos', 'created', { id: 3 });
	await vi.waitFor(() => expect(latest.last).toEqual({ data: { id: 3 } }));
	expect(latest.values).toEqual([null, { data: { id: 1 } }, { data: { id: 2 } }, { data: { id: 3 } }]);
});

it('asks at once which topics are kept, and takes a promise for no', async () => {
	const store = new MemoryReplayStore(manualClock(), counterId());
	const topics = (async () => Promise.reject(new Error('later'))) as never;
	const replay = createReplay({ store, topics });
	const { enter, platform, log } = await startPlugin(replay.hooks, { stores: { ...testStores(), replay: store } });
	const ann = await enter({}, 'chat');
	replay.publish(platform, 'chat', 'said', 1);
	expect(ann.heard()).toMatchObject([{ data: 1, seq: 1 }]);
	expect(await store.current('chat')).toMatchObject({ seq: 0 });
	expect(String(log.lines[0]![2])).toContain('createReplay: topics gave a promise.');
});
