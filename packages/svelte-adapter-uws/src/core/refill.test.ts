import { expect, it, vi } from 'vitest';
import { startCore, type FakeClient } from '../../test/support/core.ts';
import type { Position } from '../contract/envelope.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Platform } from '../contract/platform.ts';

type Core = Awaited<ReturnType<typeof startCore>>;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A core that keeps the topics that begin with `kept`. */
async function start(
	hooks: WebSocketHooks = {}
): Promise<Core & { publish(topic: string, ...data: unknown[]): Promise<Position> }> {
	const core = await startCore(hooks);
	core.platform.keep((topic) => topic.startsWith('kept'));
	const publish = async (topic: string, ...data: unknown[]): Promise<Position> => {
		for (const value of data) core.platform.publish(topic, 'e', value);
		await settled();
		return core.platform.stores.replay.current(topic);
	};
	return Object.assign(core, { publish });
}

async function comeBack(core: Core, lastSeen: Record<string, Position>, caps: string[] = ['epoch']): Promise<FakeClient> {
	const client = await core.join();
	const entries = Object.entries(lastSeen);
	client.say({ type: 'hello', caps });
	client.say({
		type: 'resume',
		sessionId: 'old',
		lastSeenSeqs: Object.fromEntries(entries.map(([topic, { seq }]) => [topic, seq])),
		eps: Object.fromEntries(entries.map(([topic, { epoch }]) => [topic, epoch]))
	});
	return client;
}

const hold = (platform: Platform): { readonly asked: () => boolean; readonly release: () => void } => {
	const gate = Promise.withResolvers<void>();
	const since = platform.stores.replay.since.bind(platform.stores.replay);
	const spy = vi.spyOn(platform.stores.replay, 'since').mockImplementation(async (topic, from) => {
		const found = await since(topic, from);
		await gate.promise;
		return found;
	});
	return { asked: () => spy.mock.calls.length > 0, release: gate.resolve };
};

it('sends what was missed as it would have come, before the ack, and goes on without a gap', async () => {
	const core = await start();
	const { epoch, seq } = await core.publish('kept', 'seen');
	await core.publish('kept', 1, 2);
	const client = await comeBack(core, { kept: { epoch, seq }, other: { epoch, seq: 1 } });
	await settled();
	expect(client.heard()).toEqual([
		{ topic: 'kept', event: 'e', data: 1, seq: 2, ep: epoch },
		{ topic: 'kept', event: 'e', data: 2, seq: 3, ep: epoch },
		{ type: 'resumed' }
	]);
	await core.publish('kept', 3);
	expect(client.heard()).toEqual([{ topic: 'kept', event: 'e', data: 3, seq: 4, ep: epoch }]);
	client.say({ type: 'subscribe', topic: 'kept', ref: 1 });
	expect(client.heard()).toEqual([{ type: 'subscribed', topic: 'kept', ref: 1, seq: 4, ep: epoch }]);
});

it('joins it into batches, and leaves epochs out, for who takes it so', async () => {
	const core = await start();
	const from = await core.publish('kept', 'seen');
	await core.publish('kept', 1, 2);
	const client = await comeBack(core, { kept: from }, ['batch']);
	await settled();
	expect(client.heard()).toEqual([
		{
			type: 'batch',
			events: [
				{ topic: 'kept', event: 'e', data: 1, seq: 2 },
				{ topic: 'kept', event: 'e', data: 2, seq: 3 }
			]
		},
		{ type: 'resumed' }
	]);
});

it('gives what is published while the store is asked once, after what was missed', async () => {
	const core = await start();
	const from = await core.publish('kept', 'seen');
	await core.publish('kept', 1);
	const { asked, release } = hold(core.platform);
	const client = await comeBack(core, { kept: from });
	await vi.waitFor(() => expect(asked()).toBe(true));
	await core.publish('kept', 2);
	expect(client.heard()).toEqual([]);
	release();
	core.platform.publish('kept', 'e', 3);
	await settled();
	core.platform.publish('kept', 'e', 4);
	await settled();
	const heard = client.heard().filter(({ topic }) => topic === 'kept');
	expect(heard.map(({ data, seq }) => [data, seq])).toEqual([
		[1, 2],
		[2, 3],
		[3, 4],
		[4, 5]
	]);
});

it.each(['before', 'after'])('gives an event once that the store numbers just %s it is asked', async (when) => {
	const core = await start();
	const from = await core.publish('kept', 'seen');
	if (when === 'before') core.platform.publish('kept', 'e', 1);
	const client = await comeBack(core, { kept: from });
	if (when === 'after') core.platform.publish('kept', 'e', 1);
	await settled();
	expect(client.heard().flatMap(({ data }) => (data === undefined ? [] : [data]))).toEqual([1]);
});

it.each([false, true])(
	'gives an event once that the store has and that is not published yet (topic held: %s)',
	async (isHeld) => {
		const core = await start();
		const from = await core.publish('kept', 'seen');
		if (isHeld) {
			const other = await core.join();
			other.say({ type: 'subscribe', topic: 'kept', ref: 1 });
			await settled();
			expect(other.heard()).toMatchObject([{ type: 'subscribed' }]);
		}
		const stored = Promise.withResolvers<void>();
		const { replay } = core.platform.stores;
		const append = replay.append.bind(replay);
		vi.spyOn(replay, 'append').mockImplementation(async (...event) => {
			const kept = await append(...event);
			await stored.promise;
			return kept;
		});
		core.platform.publish('kept', 'e', 1);
		await settled();
		const client = await comeBack(core, { kept: from });
		await settled();
		stored.resolve();
		await settled();
		const heard = client.heard();
		expect(heard.filter(({ topic }) => topic === 'kept')).toMatchObject([{ data: 1, seq: 2 }]);
		expect(heard.filter(({ type }) => type === 'resumed')).toHaveLength(1);
	}
);

it('does not show a client again what it saw on a node that was ahead', async () => {
	const core = await start();
	const other = await core.join();
	other.say({ type: 'subscribe', topic: 'kept' });
	await settled();
	const { replay } = core.platform.stores;
	const ahead = (await replay.append('kept', 'e', 'on another node')).position;
	const client = await comeBack(core, { kept: ahead });
	await settled();
	await core.publish('kept', 'next');
	for (const one of [client, other])
		expect(
			one
				.heard()
				.filter(({ topic }) => topic === 'kept')
				.at(-1)
		).toMatchObject({ data: 'next', seq: 2 });
	expect(client.heard()).toEqual([]);
});

it('says so when it cannot tell what was missed: of another epoch, of none, and of what is gone', async () => {
	const core = await start();
	const a = await core.publish('kept:a', 1);
	const b = await core.publish('kept:b', 1);
	await core.platform.stores.replay.forget('kept:b');
	const client = await comeBack(core, { 'kept:a': { ...a, epoch: '' }, 'kept:b': b, 'kept:c': { epoch: 'x', seq: 4 } });
	await settled();
	expect(client.heard()).toEqual([
		...['a', 'b', 'c'].map((name) => ({ topic: `__replay:kept:${name}`, event: 'truncated', data: null })),
		{ type: 'resumed' }
	]);
	await core.publish('kept:a', 2);
	expect(client.heard()).toMatchObject([{ topic: 'kept:a', data: 2 }]);
});

it('says so too when the store fails', async () => {
	const core = await start();
	const from = await core.publish('kept', 1);
	vi.spyOn(core.platform.stores.replay, 'since').mockRejectedValue(new Error('store'));
	const client = await comeBack(core, { kept: from });
	await settled();
	expect(client.heard().map(({ event, type }) => event ?? type)).toEqual(['truncated', 'resumed']);
	expect(core.log.lines.at(-1)).toEqual(['error', expect.stringContaining('history'), new Error('store')]);
});

it('gives nothing of a topic that the client may not join', async () => {
	const core = await start({ subscribe: (_ws, topic) => topic !== 'kept:secret' });
	core.platform.gate((_ws, topic) => topic !== 'kept:gated');
	const positions: Record<string, Position> = {};
	for (const topic of ['kept:secret', 'kept:gated', 'kept:open']) positions[topic] = await core.publish(topic, 'seen');
	for (const topic of Object.keys(positions)) await core.publish(topic, 'missed');
	const client = await comeBack(core, positions);
	await settled();
	expect(client.heard()).toMatchObject([{ topic: 'kept:open', data: 'missed' }, { type: 'resumed' }]);
	for (const topic of Object.keys(positions)) await core.publish(topic, 'more');
	expect(client.heard()).toMatchObject([{ topic: 'kept:open', data: 'more' }]);
});

it('gives nothing of a topic that the client may not join any more once the store has answered', async () => {
	const core = await start();
	let isOpen = true;
	core.platform.gate(() => isOpen);
	const from = await core.publish('kept', 'seen');
	await core.publish('kept', 'missed');
	const { asked, release } = hold(core.platform);
	const client = await comeBack(core, { kept: from });
	await vi.waitFor(() => expect(asked()).toBe(true));
	isOpen = false;
	release();
	await settled();
	expect(client.heard()).toEqual([{ type: 'resumed' }]);
	expect(core.platform.subscribers('kept')).toBe(0);
});

it('leaves it to the hook of the app, when there is one, and topics with a shape to who shapes them', async () => {
	const own = await start({ resume: () => {} });
	const ownClient = await comeBack(own, { kept: { ...(await own.publish('kept', 1)), seq: 0 } });
	const shaped = await start();
	shaped.platform.shape('kept', () => []);
	const shapedClient = await comeBack(shaped, { kept: { ...(await shaped.publish('kept', 1)), seq: 0 } });
	await settled();
	for (const client of [ownClient, shapedClient]) expect(client.heard()).toEqual([{ type: 'resumed' }]);
});

it('survives a client that leaves meanwhile', async () => {
	const core = await start();
	const from = await core.publish('kept', 1);
	const { asked, release } = hold(core.platform);
	const client = await comeBack(core, { kept: from });
	await vi.waitFor(() => expect(asked()).toBe(true));
	client.leave();
	release();
	await settled();
	expect(core.platform.subscribers('kept')).toBe(0);
	expect(core.log.lines).toEqual([]);
});

it('closes a client that cannot take it all, so that it comes back for the rest', async () => {
	const core = await start();
	const from = await core.publish('kept', 'seen');
	await core.publish('kept', 1, 2, 3);
	const { asked, release } = hold(core.platform);
	const client = await comeBack(core, { kept: from });
	await vi.waitFor(() => expect(asked()).toBe(true));
	vi.spyOn(client.socket, 'send').mockReturnValueOnce('sent').mockReturnValue('dropped');
	release();
	await settled();
	expect(client.socket.closed?.[0]).toBe(1013);
	expect(core.platform.subscribers('kept')).toBe(0);
});

it('tells who joins a kept topic where it stands, if the client knows epochs and no shape is in the way', async () => {
	const core = await start();
	const at = await core.publish('kept', 1, 2);
	core.platform.shape('kept:shaped', (event, data) => [{ event, data }]);
	const [client, older] = [await core.join(), await core.join()];
	client.say({ type: 'hello', caps: ['epoch'] });
	for (const one of [client, older]) {
		one.say({ type: 'subscribe-batch', topics: ['kept', 'kept:empty', 'kept:shaped', 'other'], ref: 1 });
		one.say({ type: 'subscribe', topic: 'kept:silent' });
	}
	await settled();
	const ack = (topic: string, position?: Position): unknown => ({
		type: 'subscribed',
		topic,
		ref: 1,
		...(position && { seq: position.seq, ep: position.epoch })
	});
	const { epoch } = await core.platform.stores.replay.current('kept:empty');
	expect(client.heard()).toEqual([ack('kept', at), ack('kept:empty', { epoch, seq: 0 }), ack('kept:shaped'), ack('other')]);
	expect(older.heard()).toEqual(['kept', 'kept:empty', 'kept:shaped', 'other'].map((topic) => ack(topic)));
});

it('fills the gap of a client that had heard nothing before it was away', async () => {
	const core = await start();
	const client = await core.join();
	client.say({ type: 'hello', caps: ['epoch'] });
	client.say({ type: 'subscribe', topic: 'kept', ref: 1 });
	await settled();
	const [{ seq, ep }] = client.heard();
	client.leave();
	await core.publish('kept', 'missed');
	const back = await comeBack(core, { kept: { epoch: ep, seq } });
	await settled();
	expect(back.heard()).toEqual([{ topic: 'kept', event: 'e', data: 'missed', seq: 1, ep }, { type: 'resumed' }]);
});

it('gives nothing to who comes with the session of somebody else', async () => {
	const core = await start({
		upgrade: ({ headers: { user } }) => ({ user }),
		subscribe: (ws, topic) => topic === `kept:${ws.getUserData().user}`
	});
	const ann = await core.connect({ user: 'ann' });
	ann.say({ type: 'hello', caps: ['epoch'] });
	ann.say({ type: 'subscribe', topic: 'kept:ann', ref: 1 });
	await settled();
	const [{ sessionId }, { seq, ep }] = ann.heard();
	ann.leave();
	await core.publish('kept:ann', 'private');
	const bob = await core.join({ user: 'bob' });
	bob.say({ type: 'hello', caps: ['epoch'] });
	bob.say({ type: 'resume', sessionId, lastSeenSeqs: { 'kept:ann': seq }, eps: { 'kept:ann': ep } });
	bob.say({ type: 'subscribe', topic: 'kept:ann', ref: 1 });
	await settled();
	expect(bob.heard()).toEqual([
		{ type: 'resumed' },
		{ type: 'subscribe-denied', topic: 'kept:ann', ref: 1, reason: 'FORBIDDEN' }
	]);
	expect(core.platform.subscribers('kept:ann')).toBe(0);
});
