import { expect, it, vi } from 'vitest';
import { microtasks, openClient, startClient, WELCOME } from '../../test/support/browser.ts';
import type { Envelope } from '../contract/envelope.ts';

const event = (topic: string, data: unknown, seq?: number, ep?: string) => ({
	topic,
	event: 'e',
	data,
	...(seq !== undefined && { seq }),
	...(ep !== undefined && { ep })
});

it('says hello, resumes, subscribes, tells who waits for the open, and then sends what was queued', async () => {
	const { browser, client } = openClient();
	client.subscribe('a');
	client.subscribe('b');
	await microtasks();
	browser.socket.receive(event('a', 1, 4, 'e1'));
	browser.socket.end();
	client.sendQueued('"first"');
	client.onOpen(() => {
		expect(client.connected).toBe(true);
		client.sendNow('"from onOpen"');
		client.sendQueued('"last"');
	});
	browser.time.pass(3000);
	browser.socket.open();
	expect(browser.socket.sent[0]).toBe('{"type":"hello","caps":["batch","epoch"]}');
	expect(browser.socket.read()).toEqual([
		{ type: 'hello', caps: ['batch', 'epoch'] },
		{ type: 'resume', sessionId: 's1', lastSeenSeqs: { a: 4 }, eps: { a: 'e1' } },
		{ type: 'subscribe-batch', topics: ['a', 'b'], ref: 2 },
		'from onOpen',
		'first',
		'last'
	]);
});

it('resumes from the highest position of each held topic, and a new epoch starts anew', async () => {
	const { browser, client } = openClient();
	client.subscribe('a');
	const release = client.subscribe('b');
	await microtasks();
	for (const frame of [event('a', 0, 9, 'e1'), event('a', 0, 7, 'e1'), event('b', 0, 1, 'e1'), event('not-held', 0, 5, 'e1')])
		browser.socket.receive(frame);
	const resume = () => {
		browser.socket.end();
		browser.page.show(true);
		browser.socket.open();
		const frames = browser.socket.read().filter(({ type }) => type === 'resume');
		browser.socket.receive(WELCOME);
		return frames;
	};
	expect(resume()).toEqual([{ type: 'resume', sessionId: 's1', lastSeenSeqs: { a: 9, b: 1 }, eps: { a: 'e1', b: 'e1' } }]);
	release();
	await microtasks();
	browser.socket.receive(event('a', 0, 2, 'e2'));
	expect(resume()).toEqual([{ type: 'resume', sessionId: 's1', lastSeenSeqs: { a: 2 }, eps: { a: 'e2' } }]);
});

it('resumes a topic of which nothing came yet from where it stood when it was joined', async () => {
	const { browser, client } = openClient();
	client.subscribe('a');
	client.subscribe('b');
	await microtasks();
	browser.socket.receive({ type: 'subscribed', topic: 'a', ref: 1, seq: 7, ep: 'e1' });
	browser.socket.receive(event('b', 0, 5, 'e1'));
	// What came first is further on than where it began; and nobody holds the third.
	browser.socket.receive({ type: 'subscribed', topic: 'b', ref: 1, seq: 4, ep: 'e1' });
	browser.socket.receive({ type: 'subscribed', topic: 'c', ref: 1, seq: 9, ep: 'e1' });
	browser.socket.end();
	browser.time.pass(3000);
	browser.socket.open();
	expect(browser.socket.read()[1]).toEqual({
		type: 'resume',
		sessionId: 's1',
		lastSeenSeqs: { a: 7, b: 5 },
		eps: { a: 'e1', b: 'e1' }
	});
});

it('keeps the position of a topic that is let go and taken up at once', async () => {
	const { browser, client } = openClient();
	const release = client.subscribe('a');
	await microtasks();
	browser.socket.receive(event('a', 0, 3, 'e1'));
	release();
	client.subscribe('a');
	await microtasks();
	browser.socket.end();
	browser.time.pass(3000);
	browser.socket.open();
	expect(browser.socket.read()).toContainEqual(expect.objectContaining({ type: 'resume', lastSeenSeqs: { a: 3 } }));
});

it('names its session even without positions, and tells a server without epochs no epochs', async () => {
	const { browser, client } = startClient();
	browser.socket.open();
	browser.socket.receive({ type: 'welcome', sessionId: 'old' });
	client.subscribe('a');
	await microtasks();
	browser.socket.receive(event('a', 0));
	browser.socket.end();
	browser.time.pass(3000);
	browser.socket.open();
	expect(browser.socket.read()).toEqual([
		expect.objectContaining({ type: 'hello' }),
		{ type: 'resume', sessionId: 'old', lastSeenSeqs: {} },
		expect.objectContaining({ type: 'subscribe' })
	]);
	browser.socket.receive(event('a', 0, 1));
	browser.socket.end();
	browser.time.pass(10_000);
	browser.socket.open();
	expect(browser.socket.read()).toContainEqual({ type: 'resume', sessionId: 'old', lastSeenSeqs: { a: 1 } });
});

it('cuts a long resume into frames that a server takes', async () => {
	const { browser, client } = openClient();
	const topics = Array.from({ length: 300 }, (_, i) => `a-rather-long-topic-name-${i}`);
	for (const topic of topics) client.subscribe(topic);
	await microtasks();
	for (const topic of topics) browser.socket.receive(event(topic, 0, 123_456, 'epoch-of-some-length'));
	browser.socket.end();
	browser.time.pass(3000);
	browser.socket.open();
	const frames = browser.socket.sent.filter((frame) => (frame as string).startsWith('{"type":"resume"'));
	for (const frame of frames) expect(frame.length).toBeLessThan(8192);
	expect(frames.flatMap((frame) => Object.keys(JSON.parse(frame as string).lastSeenSeqs))).toEqual(topics);
});

it('stores the session of the endpoint, and lives without storage', () => {
	const { browser } = openClient();
	expect([...browser.stored]).toEqual([['svelte-adapter-uws.session.ws://host/ws', 's1']]);
	const forbid = () => {
		throw new DOMException('no', 'SecurityError');
	};
	const { client } = openClient({ storage: { getItem: forbid, setItem: forbid } });
	expect(client.maxPayloadLength).toBe(9000);
});

it('names the session of the page before, after a reload', () => {
	const first = openClient();
	const { browser } = startClient({ storage: { getItem: (key) => first.browser.stored.get(key) ?? null, setItem: () => {} } });
	browser.socket.open();
	expect(browser.socket.read()[1]).toEqual({ type: 'resume', sessionId: 's1', lastSeenSeqs: {} });
});

it('hands each frame to the taps first, then to the listeners of its topics, once for each frame', () => {
	const { browser, client } = openClient();
	const heard: [string, readonly unknown[]][] = [];
	const hear = (who: string) => (envelopes: readonly Envelope[]) =>
		heard.push([who, envelopes.map(({ topic, data }) => `${topic}${data}`)]);
	client.listen('a', hear('a'));
	client.listen('b', hear('b'));
	client.tap(hear('tap'));
	browser.socket.receive({
		type: 'batch',
		events: [event('a', 1), event('b', 2), event('c', 3), event('a', 4), { topic: 'a' }, 5]
	});
	browser.socket.receive(event('b', 5));
	expect(heard).toEqual([
		['tap', ['a1', 'b2', 'c3', 'a4']],
		['a', ['a1', 'a4']],
		['b', ['b2']],
		['tap', ['b5']],
		['b', ['b5']]
	]);
});

it('gives positions on', () => {
	const { browser, client } = openClient();
	const heard: Envelope[] = [];
	client.listen('a', (envelopes) => heard.push(...envelopes));
	browser.socket.receive(event('a', null, 3, 'e1'));
	browser.socket.receive(event('a', null));
	expect(heard).toEqual([
		{ topic: 'a', event: 'e', data: null, position: { epoch: 'e1', seq: 3 } },
		{ topic: 'a', event: 'e', data: null }
	]);
});

it('drops no event for its number, however it comes', () => {
	const { browser, client } = openClient();
	const heard: unknown[] = [];
	client.listen('a', (envelopes) => heard.push(...envelopes.map(({ position }) => position!.seq)));
	for (const seq of [5, 4, 5, 1]) browser.socket.receive(event('a', null, seq, 'e1'));
	expect(heard).toEqual([5, 4, 5, 1]);
});

it('stops listening at once, even in the middle of a frame', () => {
	const { browser, client } = openClient();
	const heard: string[] = [];
	client.listen('a', () => {
		heard.push('first');
		stop();
		stop();
	});
	const stop = client.listen('a', () => heard.push('second'));
	browser.socket.receive(event('a', 1));
	browser.socket.receive(event('a', 1));
	expect(heard).toEqual(['first', 'first']);
});

it('reports a listener that throws, and goes on', () => {
	const { browser, client } = openClient();
	const report = vi.spyOn(console, 'error').mockImplementation(() => {});
	const heard: unknown[] = [];
	const error = new Error('mine');
	const fail = () => {
		throw error;
	};
	client.tap(fail);
	client.listen('a', fail);
	client.listen('a', ([envelope]) => heard.push(envelope!.data));
	client.onOpen(fail);
	client.onDown(fail);
	browser.socket.receive(event('a', 1));
	expect(heard).toEqual([1]);
	browser.socket.end();
	browser.time.pass(3000);
	browser.socket.open();
	client.onOpen(() => heard.push('open'));
	expect(client.connected).toBe(true);
	expect(report.mock.calls).toEqual([[error], [error], [error], [error]]);
	report.mockRestore();
});

it.each([
	'',
	'nonsense',
	'null',
	'7',
	'[]',
	'{}',
	'{"type":"later"}',
	'{"type":"request","ref":1,"event":"x"}',
	new ArrayBuffer(8),
	'{"topic":"__proto__","event":"x"}'
])('ignores %j', (frame) => {
	const { browser, client } = openClient();
	client.listen('a', () => expect.unreachable());
	browser.socket.receive(frame);
	expect(client.connected).toBe(true);
	expect(browser.socket.read()).toEqual([]);
	expect(browser.log.lines).toEqual([]);
});

it('drops a frame that is too long, and says so', () => {
	const { browser, client } = openClient({ maxMessageLength: 100 });
	const heard: unknown[] = [];
	client.listen('a', ([envelope]) => heard.push(envelope!.data));
	browser.socket.receive(event('a', 'x'.repeat(100)));
	browser.socket.receive(event('a', 'y'));
	expect(heard).toEqual(['y']);
	expect(browser.log.lines).toEqual([['error', 'Dropped a frame of 135 characters: over maxMessageLength.']]);
});

it('sends text and bytes as they are, and says no while there is no open socket', () => {
	const { browser, client } = startClient();
	expect(client.sendNow('early')).toBe(false);
	browser.socket.open();
	browser.socket.read();
	const bytes = new Uint8Array([1, 2]);
	expect(client.sendNow('"now"')).toBe(true);
	expect(client.sendNow(bytes)).toBe(true);
	expect(browser.socket.sent).toEqual(['"now"', bytes]);
	browser.socket.readyState = 2;
	expect(client.sendNow('closing')).toBe(false);
});

it('keeps a thousand frames in order, and drops the oldest', () => {
	const { browser, client } = startClient();
	const dropped: number[] = [];
	for (let i = 0; i < 1002; i++) client.sendQueued(String(i), () => dropped.push(i));
	expect(dropped).toEqual([0, 1]);
	expect(browser.log.lines).toEqual([
		['warn', 'Send queue full: over 1000 frames, dropped the oldest.'],
		['warn', 'Send queue full: over 1000 frames, dropped the oldest.']
	]);
	browser.socket.open();
	expect(browser.socket.read().slice(1)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 2));
	expect(dropped).toEqual([0, 1]);
});

it('drops what is queued on close, and what comes later', () => {
	const { client } = startClient();
	const dropped: string[] = [];
	client.sendQueued('a', () => dropped.push('a'));
	client.close();
	expect(dropped).toEqual(['a']);
	client.sendQueued('b', () => dropped.push('b'));
	expect(dropped).toEqual(['a', 'b']);
});

it('tells of each loss of an open socket, and not of failed attempts', () => {
	const { browser, client } = startClient();
	const downs: unknown[] = [];
	const stop = client.onDown((failure, terminal) =>
		downs.push([failure && failure.kind === 'ws-close' && failure.code, terminal])
	);
	browser.socket.end(1006);
	browser.time.pass(3000);
	browser.socket.open();
	browser.socket.end(1011);
	expect(downs).toEqual([[1011, false]]);
	stop();
	client.close();
	expect(downs).toHaveLength(1);
});

it('logs what comes in when asked to', () => {
	const { browser } = openClient({ debug: true });
	browser.socket.receive('{"topic":"a","event":"b","data":1}');
	expect(browser.log.lines.slice(-2)).toEqual([
		['debug', '[ws] status', 'open'],
		['debug', '[ws] event', { topic: 'a', event: 'b', data: 1 }]
	]);
});

it('tells when everything has come from before, whatever else it asks the server for signs of life', () => {
	const { browser, client } = openClient();
	browser.socket.receive(WELCOME);
	const told: string[] = [];
	browser.socket.read();
	browser.time.pass(25_000);
	expect(browser.socket.read()).toEqual([{ type: 'ping' }]);
	client.sync(() => void told.push('first'));
	client.sync(() => void told.push('second'));
	expect(browser.socket.read()).toEqual([{ type: 'ping' }, { type: 'ping' }]);
	// The answer to the one that nobody waits for.
	browser.socket.receive({ type: 'pong' });
	expect(told).toEqual([]);
	browser.socket.receive({ type: 'pong' });
	expect(told).toEqual(['first']);
	browser.socket.end();
	client.sync(() => void told.push('without a connection'));
	expect(told).toEqual(['first', 'without a connection']);
	browser.page.show(true);
	browser.socket.open();
	client.sync(() => void told.push('a server that answers no ping'));
	browser.socket.receive(WELCOME);
	client.sync(() => void told.push('of the new connection'));
	browser.socket.receive({ type: 'pong' });
	expect(told.slice(2)).toEqual(['a server that answers no ping', 'of the new connection']);
});
