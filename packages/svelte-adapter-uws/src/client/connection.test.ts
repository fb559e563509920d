import { expect, it } from 'vitest';
import {
	browserOptions,
	openClient,
	startBrowser,
	startClient,
	valueOf,
	WELCOME,
	type Browser
} from '../../test/support/browser.ts';
import type { Client, Failure, Status } from '../contract/client.ts';
import { createClient } from './connect.ts';

function history(client: Client): Status[] {
	const seen: Status[] = [];
	client.status.subscribe((status) => seen.push(status));
	return seen;
}

/** Milliseconds until the next attempt. */
function waited(browser: Browser): number {
	const before = browser.sockets.length;
	const from = browser.time.now();
	while (browser.sockets.length === before) {
		if (browser.time.now() - from > 400_000) throw new Error('no attempt came');
		browser.time.pass(100);
	}
	return browser.time.now() - from;
}

it('connects at once and says so', () => {
	const { browser, client } = startClient();
	const seen = history(client);
	expect(browser.socket.url).toBe('ws://host/ws');
	expect(client.connected).toBe(false);
	browser.socket.open();
	expect(client.connected).toBe(true);
	expect(seen).toEqual(['connecting', 'open']);
});

it('tries again with growing pauses up to the cap, and says why it is down', () => {
	const { browser, client } = startClient();
	const pauses = Array.from({ length: 8 }, () => {
		browser.socket.end(1006);
		expect(valueOf(client.status)).toBe('disconnected');
		return waited(browser);
	});
	expect(pauses).toEqual([3000, 6600, 14_600, 32_000, 70_300, 154_700, 300_000, 300_000]);
	expect(valueOf(client.failure)).toEqual({ kind: 'ws-close', class: 'RETRY', code: 1006, reason: '' });
	expect(valueOf(client.status)).toBe('connecting');
	browser.socket.open();
	expect(valueOf(client.failure)).toBeNull();
});

it('spreads each pause by a quarter to both sides', () => {
	for (const [chance, pause] of [
		[0, 2300],
		[0.5, 3000],
		[0.999, 3800]
	] as const) {
		const { browser } = startClient();
		browser.chance = chance;
		browser.socket.end();
		expect(waited(browser)).toBe(pause);
	}
});

it('starts over only after ten seconds of a stable connection', () => {
	const { browser } = startClient();
	browser.socket.end();
	waited(browser);
	browser.socket.open();
	browser.time.pass(9999);
	browser.socket.end();
	expect(waited(browser)).toBe(6600);
	browser.socket.open();
	browser.time.pass(10_000);
	browser.socket.end();
	expect(waited(browser)).toBe(3000);
});

it.each([1008, 4401, 4403])('ends for good on %i', async (code) => {
	const { browser, client } = openClient();
	const downs: [Failure | null, boolean][] = [];
	client.onDown((...news) => downs.push(news));
	browser.socket.end(code, 'go');
	const failure = { kind: 'ws-close', class: 'TERMINAL', code, reason: 'go' };
	expect(valueOf(client.status)).toBe('failed');
	expect(valueOf(client.failure)).toEqual(failure);
	expect(downs).toEqual([[failure, true]]);
	expect(browser.time.pending).toBe(0);
	await expect(client.ready()).rejects.toThrow('go');
	browser.page.show(true);
	browser.page.online();
	expect(browser.sockets).toHaveLength(1);
});

it('waits longer when it is throttled', () => {
	const { browser, client } = openClient();
	browser.socket.end(4429);
	expect(valueOf(client.failure)).toMatchObject({ class: 'THROTTLE' });
	expect(waited(browser)).toBe(154_700);
});

it('does not throttle less after more failures', () => {
	const { browser } = startClient();
	for (let i = 0; i < 6; i++) {
		browser.socket.end();
		waited(browser);
	}
	browser.socket.end(4429);
	expect(waited(browser)).toBe(300_000);
});

it('gives up when the attempts are used up', () => {
	const { browser, client } = startClient({ maxReconnectAttempts: 2 });
	const downs: [Failure | null, boolean][] = [];
	client.onDown((...news) => downs.push(news));
	for (let i = 0; i < 2; i++) {
		browser.socket.end();
		waited(browser);
	}
	expect(downs).toEqual([]);
	browser.socket.end(1006, 'x');
	const failure = { kind: 'ws-close', class: 'EXHAUSTED', code: 1006, reason: 'x' };
	expect(valueOf(client.failure)).toEqual(failure);
	expect(downs).toEqual([[failure, true]]);
	expect(valueOf(client.status)).toBe('failed');
});

it('counts a socket that cannot be made as a failed attempt', () => {
	const { browser, client } = openClient();
	browser.socket.end();
	browser.refusal = new SyntaxError('bad address');
	browser.time.pass(3000);
	expect(valueOf(client.status)).toBe('disconnected');
	expect(valueOf(client.failure)).toMatchObject({ class: 'RETRY', reason: 'SyntaxError: bad address' });
	expect(waited(browser)).toBe(6600);
});

it.each([1001, 1012])('looks for a server that went away with %i soon and more than once', (code) => {
	const { browser } = openClient();
	browser.socket.end(code);
	const pauses = [waited(browser)];
	for (let i = 0; i < 3; i++) {
		browser.socket.end(1006);
		pauses.push(waited(browser));
	}
	expect(pauses).toEqual([500, 500, 500, 6700]);
});

it('comes back to a server that restarts at the time it named, and not later than its own longest pause', () => {
	const { browser } = openClient();
	browser.socket.end(1012, 'Server shutting down; retry in 4321 ms');
	expect(waited(browser)).toBe(4400);
	browser.socket.open();
	browser.socket.end(1012, 'Server shutting down; retry in 999999999 ms');
	expect(waited(browser)).toBe(300_000);
});

it('forgets a restart once the server is stable again', () => {
	const { browser } = openClient();
	browser.socket.end(1012);
	waited(browser);
	browser.socket.open();
	browser.time.pass(10_000);
	browser.socket.end(1006);
	expect(waited(browser)).toBe(3000);
});

it('does not let a server that always goes away set the pace', () => {
	const { browser } = openClient();
	const pauses = Array.from({ length: 6 }, () => {
		browser.socket.end(1012);
		const pause = waited(browser);
		browser.socket.open();
		return pause;
	});
	expect(pauses).toEqual([500, 500, 500, 6700, 14_600, 32_000]);
});

it('is suspended while the page is hidden, and never closes for that', () => {
	const { browser, client } = openClient();
	const seen = history(client);
	browser.page.show(false);
	browser.page.show(true);
	expect(seen).toEqual(['open', 'suspended', 'open']);
	expect(client.connected).toBe(true);
	browser.page.show(false);
	browser.socket.end();
	waited(browser);
	browser.socket.open();
	expect(valueOf(client.status)).toBe('suspended');
});

it.each([
	['the page is seen again', (browser: Browser) => browser.page.show(true)],
	['the network is back', (browser: Browser) => (browser.page.show(false), browser.page.online())]
] as const)('connects at once when %s', (_what, happens) => {
	const { browser } = openClient();
	for (let i = 0; i < 4; i++) {
		browser.socket.end();
		waited(browser);
	}
	browser.socket.end();
	const before = browser.sockets.length;
	happens(browser);
	expect(browser.sockets).toHaveLength(before + 1);
	browser.socket.end();
	expect(waited(browser)).toBe(3000);
	expect(browser.sockets).toHaveLength(before + 2);
});

it.each(['show', 'online'] as const)('connects at once on %s, and its pauses start over', (event) => {
	const { browser, client } = startClient();
	for (let i = 0; i < 3; i++) {
		browser.socket.end();
		waited(browser);
	}
	browser.socket.end();
	if (event === 'show') browser.page.show(true);
	else browser.page.online();
	expect(valueOf(client.status)).toBe('connecting');
	expect([browser.sockets.length, browser.time.pending]).toEqual([5, 1]);
	browser.socket.end();
	expect(waited(browser)).toBe(3000);
	browser.socket.end(4401);
	browser.page.show(true);
	browser.page.online();
	expect(browser.sockets).toHaveLength(6);
});

it('makes no second attempt beside one that is running', () => {
	const { browser } = startClient();
	browser.page.show(true);
	browser.page.online();
	expect(browser.sockets).toHaveLength(1);
});

it('gives up on a handshake that nobody answers', () => {
	const { browser, client } = startClient();
	browser.time.pass(20_000);
	expect(browser.socket.closed).toBeDefined();
	expect(valueOf(client.failure)).toMatchObject({ class: 'RETRY', code: 1006, reason: 'No answer to the handshake' });
	expect(waited(browser)).toBe(3000);
});

it('asks a silent server for a sign of life, and goes on when it gives one', () => {
	const { browser, client } = openClient();
	for (let i = 0; i < 50; i++) {
		browser.time.pass(25_000);
		expect(browser.socket.read()).toEqual([{ type: 'ping' }]);
		browser.time.pass(5000);
		browser.socket.receive({ type: 'pong' });
		browser.time.pass(5000);
	}
	expect(client.connected).toBe(true);
	expect(browser.sockets).toHaveLength(1);
});

it('takes an answer for a sign of life that comes at the same time of the clock as the frame before it', () => {
	const { browser, client } = openClient();
	browser.page.online();
	browser.socket.receive({ type: 'pong' });
	browser.time.pass(10_000);
	expect(client.connected).toBe(true);
});

it('asks nothing while frames come in', () => {
	const { browser } = openClient();
	for (let i = 0; i < 20; i++) {
		browser.time.pass(20_000);
		browser.socket.receive({ topic: 't', event: 'e', data: 1 });
	}
	expect(browser.socket.read()).toEqual([]);
});

it('leaves a server that does not answer also when the clock of the device is put back meanwhile', () => {
	const browser = startBrowser();
	let back = 0;
	const clock = { now: () => browser.time.now() - back, after: browser.clock.after };
	const client = createClient({ ...browserOptions(browser), clock });
	browser.socket.open();
	browser.socket.receive(WELCOME);
	back = 3_600_000;
	for (const ms of [25_000, 25_000, 10_000]) browser.time.pass(ms);
	expect([client.connected, valueOf(client.failure)]).toEqual([false, expect.objectContaining({ reason: 'No answer' })]);
});

it('leaves a server that does not answer', () => {
	const { browser, client } = openClient();
	browser.time.pass(25_000);
	browser.time.pass(9999);
	expect(client.connected).toBe(true);
	browser.time.pass(1);
	expect(client.connected).toBe(false);
	expect(valueOf(client.failure)).toMatchObject({ class: 'RETRY', code: 1006, reason: 'No answer' });
	const [old] = browser.sockets;
	expect(old!.closed).toBeDefined();
	// What the dead socket says later is not heard.
	old!.end(4401);
	old!.open();
	expect(valueOf(client.status)).toBe('disconnected');
	expect(waited(browser)).toBe(3000);
});

it('asks a server without `ping` by a resume after 150 seconds, and never a server that it knows nothing of', () => {
	const { browser } = startClient();
	browser.socket.open();
	browser.time.pass(1_000_000);
	expect(browser.socket.read().map(({ type }) => type)).toEqual(['hello']);
	browser.socket.receive({ type: 'welcome', sessionId: 'old' });
	for (let i = 0; i < 5; i++) browser.time.pass(25_000);
	expect(browser.socket.read()).toEqual([]);
	browser.time.pass(25_000);
	expect(browser.socket.read()).toEqual([{ type: 'resume', sessionId: 'old', lastSeenSeqs: {} }]);
	browser.socket.receive({ type: 'resumed' });
	browser.time.pass(10_000);
	expect(browser.sockets).toHaveLength(1);
});

it('does not ask a server for what only the one before it could do', () => {
	const { browser } = openClient();
	browser.socket.end();
	waited(browser);
	browser.socket.open();
	browser.socket.read();
	browser.time.pass(25_000);
	expect(browser.socket.read()).toEqual([]);
});

it('asks at once when the network has changed, or the page was away for long', () => {
	const { browser } = openClient();
	browser.page.online();
	expect(browser.socket.read()).toEqual([{ type: 'ping' }]);
	browser.socket.receive({ type: 'pong' });
	browser.page.show(true);
	expect(browser.socket.read()).toEqual([]);
});

it('closes for good, once, and leaves nothing behind', async () => {
	const { browser, client } = openClient();
	const downs: unknown[] = [];
	client.onDown((...news) => downs.push(news));
	client.close();
	client.close();
	expect(browser.socket.closed).toEqual({ code: 1000 });
	expect([valueOf(client.status), valueOf(client.failure)]).toEqual(['failed', null]);
	expect(downs).toEqual([[null, true]]);
	expect(browser.time.pending).toBe(0);
	expect(browser.page.listeners.size).toBe(0);
	expect(client.sendNow('x')).toBe(false);
	await expect(client.ready()).rejects.toThrow();
});

it.each(['connecting', 'open', 'disconnected'] as const)('can be closed by whoever watches the status %s', (when) => {
	const { browser, client } = startClient();
	const downs: unknown[] = [];
	client.onDown((...news) => downs.push(news));
	client.status.subscribe((status) => {
		if (status === when) client.close();
	});
	browser.socket.open();
	browser.socket.end();
	expect(valueOf(client.status)).toBe('failed');
	expect(downs).toEqual([[null, true]]);
	expect(browser.time.pending).toBe(0);
});

it('resolves ready() when connected, now or later', async () => {
	const { browser, client } = startClient();
	const early = client.ready();
	browser.socket.end();
	browser.time.pass(3000);
	browser.socket.open();
	await early;
	await client.ready();
	browser.page.show(false);
	await client.ready();
});

it('stays idle where there is neither address nor page', async () => {
	const { browser, client } = startClient({ url: undefined as never });
	expect(browser.sockets).toHaveLength(0);
	expect(valueOf(client.status)).toBe('disconnected');
	await client.ready();
	client.subscribe('a')();
	expect(client.sendNow('x')).toBe(false);
	expect(browser.time.pending).toBe(0);
});

it.each([
	{ reconnectInterval: 0 },
	{ reconnectInterval: Number.NaN },
	{ maxReconnectInterval: -1 },
	{ maxReconnectAttempts: -1 },
	{ maxMessageLength: 0 }
])('refuses %j', (options) => {
	expect(() => startClient(options)).toThrow(RangeError);
});

it('takes the limits of the server it talks to', () => {
	const { browser, client } = startClient();
	expect(client.maxPayloadLength).toBe(16_384);
	browser.socket.open();
	browser.socket.bufferedAmount = 7;
	expect(client.bufferedAmount).toBe(7);
	browser.socket.receive(WELCOME);
	expect(client.maxPayloadLength).toBe(9000);
	browser.socket.end();
	expect(client.bufferedAmount).toBe(0);
});

it('stops waiting in ready() when the signal aborts', async () => {
	const { browser, client } = startClient();
	const stop = new AbortController();
	const waiting = client.ready({ signal: stop.signal });
	stop.abort(new Error('left'));
	await expect(waiting).rejects.toThrow('left');
	await expect(client.ready({ signal: stop.signal })).rejects.toThrow('left');
	browser.socket.open();
	await client.ready({ signal: new AbortController().signal });
});

it('takes no more attempts than it may, not even one', () => {
	const { browser, client } = startClient({ maxReconnectAttempts: 0 });
	browser.socket.end();
	expect(valueOf(client.status)).toBe('failed');
});
