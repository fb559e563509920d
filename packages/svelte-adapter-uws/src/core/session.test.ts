import { expect, it } from 'vitest';
import { settle, startCore } from '../../test/support/core.ts';
import { FAILURES } from '../../test/support/failures.ts';
import type { CloseContext, MessageContext, ResumeContext, WebSocketHooks } from '../contract/hooks.ts';
import { LIMITS } from './limits.ts';

async function connected(hooks: WebSocketHooks = {}) {
	const server = await startCore(hooks);
	return { ...server, client: await server.join() };
}

it('welcomes first, with what the client must know, even when the open hook sends', async () => {
	const { connect, platform } = await startCore({ open: (ws) => void ws.send('{"hi":1}') });
	const client = await connect();
	const [welcome, hi] = client.heard();
	expect(hi).toEqual({ hi: 1 });
	expect(welcome).toEqual({
		type: 'welcome',
		sessionId: expect.any(String),
		caps: ['ping', 'epoch'],
		ep: platform.epoch,
		maxPayloadLength: 16_384
	});
	expect(Object.keys(welcome)[0]).toBe('type');
});

it('answers a ping at once', async () => {
	const { client } = await connected();
	client.say({ type: 'ping' });
	expect(client.heard()).toEqual([{ type: 'pong' }]);
});

it('gives the application everything that is no control frame, as it came', async () => {
	const seen: unknown[] = [];
	const { client } = await connected({
		message: (_ws, { text, isBinary, data }) => void seen.push(isBinary ? [...new Uint8Array(data)] : text)
	});
	const texts = [
		'{ "type":"ping"}',
		'{"topic":"a","type":"subscribe"}',
		'{"type":"nope"}',
		'{"type":"subscribe","topic":1}',
		'{"ty',
		'null',
		'7',
		'"x"',
		'',
		`{"type":"unsubscribe","topic":"${'a'.repeat(8_200)}"}`
	];
	for (const text of texts) client.say(text);
	client.say(new Uint8Array([0x7b, 0x22, 0x74, 0x79]));
	expect(seen).toEqual([...texts, [0x7b, 0x22, 0x74, 0x79]]);
	expect(client.heard()).toEqual([]);
});

it('swallows a reply to a request that it does not know', async () => {
	let seen = 0;
	const { client } = await connected({ message: () => void seen++ });
	client.say({ type: 'reply', ref: 999, data: 1 });
	expect([seen, client.heard()]).toEqual([0, []]);
});

it('acknowledges a resume after its hook, and what the hook sends comes first', async () => {
	let context: ResumeContext | undefined;
	let done = (): void => {};
	const { client } = await connected({
		resume: async (ws, given) => {
			context = given;
			await new Promise<void>((resolve) => (done = resolve));
			ws.send('{"missed":1}');
		}
	});
	client.say({ type: 'resume', sessionId: 'old', lastSeenSeqs: { t: 4 }, eps: { t: 'e0' } });
	expect(client.heard()).toEqual([]);
	done();
	await settle();
	expect(client.heard()).toEqual([{ missed: 1 }, { type: 'resumed' }]);
	expect(context).toMatchObject({ sessionId: 'old', lastSeenSeqs: { t: 4 } });
	expect(context?.lastSeen.get('t')).toEqual({ epoch: 'e0', seq: 4 });
});

it.each([
	['without a hook', undefined],
	[
		'after a hook that throws',
		() => {
			throw null;
		}
	],
	['after a hook that rejects', () => Promise.reject(new Error('no'))]
] as [string, WebSocketHooks['resume']][])('acknowledges a resume %s', async (_name, resume) => {
	const { client, log } = await connected(resume ? { resume } : {});
	client.say({ type: 'resume', sessionId: 'zzz', lastSeenSeqs: {} });
	await settle();
	expect(client.heard()).toEqual([{ type: 'resumed' }]);
	expect(log.lines).toHaveLength(resume ? 1 : 0);
});

it('handles frames of one connection in order while a hook decides, and those of others meanwhile', async () => {
	const decide: (() => void)[] = [];
	const seen: string[] = [];
	const server = await startCore({
		subscribe: (_ws, topic) => new Promise<void>((resolve) => decide.push(() => (seen.push(`allowed ${topic}`), resolve()))),
		unsubscribe: (_ws, topic) => void seen.push(`left ${topic}`),
		message: (_ws, { text }) => void seen.push(text)
	});
	const [a, b] = [await server.join(), await server.join()];
	a.say({ type: 'subscribe', topic: 'x', ref: 1 });
	a.say({ type: 'unsubscribe', topic: 'x' });
	a.say('after x');
	a.say({ type: 'subscribe', topic: 'y', ref: 2 });
	a.say('after y');
	b.say('b');
	expect(seen).toEqual(['b']);
	decide.shift()!();
	await settle();
	expect(seen).toEqual(['b', 'allowed x', 'left x', 'after x']);
	a.say('last');
	decide.shift()!();
	await settle();
	expect(seen.slice(4)).toEqual(['allowed y', 'after y', 'last']);
	expect(a.heard()).toEqual([
		{ type: 'subscribed', topic: 'x', ref: 1 },
		{ type: 'subscribed', topic: 'y', ref: 2 }
	]);
});

it('never drops out of order after many frames have waited one by one', async () => {
	const seen: string[] = [];
	const { client } = await connected({ resume: () => settle(), message: (_ws, { text }) => void seen.push(text) });
	const expected: string[] = [];
	for (let i = 0; i < 2_500; i++) {
		if (i % 500 === 0) client.say({ type: 'resume', sessionId: 's', lastSeenSeqs: {} });
		client.say(`${i}`);
		expected.push(`${i}`);
	}
	await expect.poll(() => seen.length).toBe(2_500);
	expect(seen).toEqual(expected);
});

it.each([
	['frames', LIMITS.waitingFrames, 'x'],
	['bytes', Math.floor(LIMITS.waitingSize / 10_000), 'x'.repeat(10_000)]
])('closes a connection with too many waiting %s, as throttled', async (_name, count, frame) => {
	let seen = 0;
	const { client, telemetry, platform } = await connected({ subscribe: () => new Promise(() => {}), message: () => void seen++ });
	client.say({ type: 'subscribe', topic: 't' });
	for (let i = 0; i < count; i++) client.say(frame);
	const before = client.socket.closed;
	client.say(frame);
	expect([before, client.socket.closed?.[0], seen]).toEqual([undefined, 4429, 0]);
	expect(telemetry.names()).toContain('limit.waitingFrames');
	expect(platform.connections).toBe(0);
});

it('counts as waiting only what still waits', async () => {
	const decide: (() => void)[] = [];
	let seen = 0;
	const { client } = await connected({
		resume: () => new Promise<void>((resolve) => decide.push(resolve)),
		message: () => void seen++
	});
	const resume = { type: 'resume', sessionId: 's', lastSeenSeqs: {} };
	const size = 100_000;
	const rounds = Math.ceil(LIMITS.waitingSize / size) + 5;
	client.say(resume);
	for (let i = 0; i < rounds; i++) {
		client.say('x'.repeat(size));
		client.say(resume);
		decide.shift()!();
		await settle();
	}
	expect([seen, client.socket.closed]).toEqual([rounds, undefined]);
});

it('tells the close hook what happened, once the connection is gone from everywhere', async () => {
	let context: CloseContext | undefined;
	let left: unknown;
	const server = await startCore({
		close: (ws, given) =>
			void ((context = given), (left = [server.platform.connections, server.platform.subscribers('t'), ws.send('x')]))
	});
	const client = await server.connect();
	client.say({ type: 'subscribe', topic: 't', ref: 'é' });
	client.say('grüße');
	const sent = client.socket.texts.join('');
	server.clock.pass(1_500);
	client.socket.close(4000, 'bye');
	expect(left).toEqual([0, 0, 2]);
	const bytes = (text: string) => new TextEncoder().encode(text).length;
	expect(context).toMatchObject({
		code: 4000,
		id: client.heard()[0].sessionId,
		duration: 1_500,
		subscriptions: new Set(['t']),
		messagesIn: 2,
		bytesIn: bytes('{"type":"subscribe","topic":"t","ref":"é"}grüße'),
		messagesOut: 2,
		bytesOut: bytes(sent)
	});
	expect(new TextDecoder().decode(context!.message)).toBe('bye');
});

it('is over for everybody once the server closes it, whatever the transport says later', async () => {
	const closes: unknown[] = [];
	const server = await startCore({
		open: (ws) => void ws.subscribe('t'),
		message: (ws) => ws.close(4401, 'bye'),
		close: (_ws, { code, subscriptions }) => void closes.push([code, [...subscriptions]])
	});
	const client = await server.join();
	client.socket.onClose = () => {};
	client.say('x');
	expect([closes, server.platform.connections, server.platform.subscribers('t')]).toEqual([[[4401, ['t']]], 0, 0]);
	client.events.closed(1006, '');
	expect(closes).toHaveLength(1);
});

it('can be closed by its open hook', async () => {
	const closes: number[] = [];
	const server = await startCore({ open: (ws) => ws.close(4403), close: (_ws, { code }) => void closes.push(code) });
	const client = await server.connect();
	expect([closes, client.socket.closed?.[0], client.heard()[0].type, server.platform.connections]).toEqual([
		[4403],
		4403,
		'welcome',
		0
	]);
});

it('does not call the unsubscribe hook for what is held at close', async () => {
	let left = 0;
	const { client } = await connected({ unsubscribe: () => void left++ });
	client.say({ type: 'subscribe', topic: 't' });
	client.leave();
	expect(left).toBe(0);
});

it('closes with 1011 when the open hook fails, now or later', async () => {
	for (const open of [
		() => {
			throw new Error('no');
		},
		() => Promise.reject(null)
	] as WebSocketHooks['open'][]) {
		const closes: number[] = [];
		const { connect, log } = await startCore({ open: open!, close: (_ws, { code }) => void closes.push(code) });
		const client = await connect();
		await settle();
		expect(client.socket.closed?.[0]).toBe(1011);
		expect(closes).toEqual([1011]);
		expect(log.lines).toHaveLength(1);
	}
});

it('calls hooks with their module as this', async () => {
	const hooks = {
		name: 'mine',
		seen: [] as string[],
		open() {
			this.seen.push(`open ${this.name}`);
		},
		message() {
			this.seen.push(`message ${this.name}`);
		},
		close() {
			this.seen.push(`close ${this.name}`);
		}
	};
	const { client } = await connected(hooks);
	client.say('x');
	client.leave();
	expect(hooks.seen).toEqual(['open mine', 'message mine', 'close mine']);
});

it.each(
	FAILURES.flatMap(([how, fail]) =>
		(['message', 'unsubscribe', 'drain', 'close'] as const).map((hook) => [hook, how, fail] as const)
	)
)('goes on when the %s hook %s, and logs it once with the request id', async (hook, _how, fail) => {
	const server = await startCore({ [hook]: fail });
	const [client, other] = [await server.join({ 'x-request-id': 'req-7' }), await server.join()];
	for (const one of [client, other]) one.say({ type: 'subscribe', topic: 't' });
	const trigger = {
		message: () => client.say('x'),
		unsubscribe: () => client.say({ type: 'unsubscribe', topic: 't' }),
		drain: () => client.events.drain(),
		close: () => client.leave()
	};
	trigger[hook]();
	await settle();
	expect(server.log.lines).toHaveLength(1);
	expect(server.log.lines[0]![1]).toContain(`${hook} hook failed (request req-7)`);
	server.platform.publish('t', 'e');
	expect(other.heard()).toHaveLength(1);
	if (hook !== 'close') {
		client.say({ type: 'ping' });
		expect(client.heard().at(-1)).toEqual({ type: 'pong' });
	}
	expect(server.platform.connections).toBe(hook === 'close' ? 1 : 2);
});

it('hands every hook of a connection the same platform, with the id of its handshake', async () => {
	const seen = new Set<unknown>();
	const note = (_ws: unknown, { platform }: { platform: unknown }) => void seen.add(platform);
	const server = await startCore({
		open: note,
		message: note,
		drain: note,
		close: note,
		resume: note,
		unsubscribe: (_ws, _topic, context) => note(_ws, context)
	});
	const client = await server.join({ 'x-request-id': 'req-7' });
	client.say('x');
	client.say({ type: 'subscribe', topic: 't' });
	client.say({ type: 'unsubscribe', topic: 't' });
	client.say({ type: 'resume', sessionId: 's', lastSeenSeqs: {} });
	client.events.drain();
	client.leave();
	expect(seen.size).toBe(1);
	const [platform] = seen as Set<{ requestId: string; connections: number }>;
	expect([platform!.requestId, platform!.connections]).toEqual(['req-7', 0]);
});

it('keeps message data valid after the hook has waited', async () => {
	let kept: MessageContext | undefined;
	const { client } = await connected({ message: (_ws, context) => void (kept = context) });
	client.say(new Uint8Array([1, 2, 3]));
	await settle();
	expect([...new Uint8Array(kept!.data)]).toEqual([1, 2, 3]);
});
