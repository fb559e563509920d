import { afterEach, expect, it, vi } from 'vitest';
import { browserOptions, microtasks, startBrowser, valueOf, WELCOME, type Browser } from '../../test/support/browser.ts';
import { connect, type WSConnection } from './connect.ts';
import { crud } from './store/crud.ts';
import { on } from './store/on.ts';
import { once } from './store/once.ts';
import { onRequest } from './store/request.ts';
import { denials, failure, ready, status } from './store/status.ts';

const PAGE = Symbol.for('svelte-adapter-uws.page');
afterEach(() => {
	delete (globalThis as { [PAGE]?: unknown })[PAGE];
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

function openPage(): { readonly browser: Browser; readonly connection: WSConnection } {
	const browser = startBrowser();
	const connection = connect(browserOptions(browser));
	browser.socket.open();
	browser.socket.receive(WELCOME);
	browser.socket.read();
	return { browser, connection };
}

it('gives every caller the one connection, until it is closed', () => {
	const { browser, connection } = openPage();
	expect(connect()).toBe(connection);
	connection.close();
	const next = connect(browserOptions(browser));
	expect(next).not.toBe(connection);
	expect(browser.sockets).toHaveLength(2);
	expect(connect()).toBe(next);
	// Closing what is closed does not touch the new one.
	connection.close();
	expect(connect()).toBe(next);
});

it('opens anew after close() also when the server had ended the connection for good, as it does when a user signs out', () => {
	const { browser, connection } = openPage();
	browser.socket.end(4401);
	expect(valueOf(status)).toBe('failed');
	expect(connect()).toBe(connection);
	connection.close();
	expect([valueOf(status), valueOf(connection.failure)]).toEqual(['failed', null]);
	const next = connect(browserOptions(browser));
	expect(next).not.toBe(connection);
	expect([browser.sockets.length, valueOf(status), valueOf(failure)]).toEqual([2, 'connecting', null]);
});

it('shares the connection between copies of the module', async () => {
	const { connection } = openPage();
	vi.resetModules();
	const copy: typeof import('./connect.ts') = await import('./connect.ts');
	expect(copy.connect).not.toBe(connect);
	expect(copy.connect()).toBe(connection);
});

it('connects to the host of the page, over TLS where the page came so', () => {
	const urls: string[] = [];
	const sockets = class {
		constructor(url: string) {
			urls.push(url);
		}
	};
	for (const [protocol, options] of [
		['http:', undefined],
		['https:', { path: '/live' }],
		['https:', { url: 'wss://other/x' }]
	] as const) {
		vi.stubGlobal('WebSocket', sockets);
		vi.stubGlobal('location', { protocol, host: 'app.example:8080' });
		connect(options);
		delete (globalThis as { [PAGE]?: unknown })[PAGE];
	}
	expect(urls).toEqual(['ws://app.example:8080/ws', 'wss://app.example:8080/live', 'wss://other/x']);
});

it('warns once when options come too late', () => {
	vi.stubGlobal('WebSocket', class {});
	vi.stubGlobal('location', { protocol: 'http:', host: 'app.example' });
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
	valueOf(status);
	const first = connect();
	expect(warn).not.toHaveBeenCalled();
	expect(connect({ path: '/other' })).toBe(first);
	connect({ path: '/other' });
	expect(warn).toHaveBeenCalledOnce();
});

it('does nothing while a page is rendered on the server', async () => {
	const socket = vi.fn();
	vi.stubGlobal('WebSocket', socket);
	await ready();
	expect([valueOf(status), valueOf(failure), valueOf(denials)]).toEqual(['disconnected', null, null]);
	expect(valueOf(on('a'))).toBeNull();
	expect(valueOf(crud('a', [{ id: 1 }]))).toEqual([{ id: 1 }]);
	expect(connect().send('x')).toBe(false);
	expect(socket).not.toHaveBeenCalled();
	// No connection of one visitor is there for the next.
	expect(connect()).not.toBe(connect());
});

it('shows the state of the connection, also of the next one', async () => {
	const { browser, connection } = openPage();
	const seen: unknown[] = [];
	const stop = status.subscribe((now) => seen.push(now));
	const failures: unknown[] = [];
	const stopFailures = failure.subscribe((now) => failures.push(now?.kind === 'ws-close' ? now.code : now));
	browser.socket.end(1011);
	connection.close();
	const next = connect(browserOptions(browser));
	browser.socket.open();
	expect(seen).toEqual(['open', 'disconnected', 'failed', 'connecting', 'open']);
	expect(failures).toEqual([null, 1011, null]);
	stop();
	stopFailures();
	next.close();
	expect(seen).toHaveLength(5);
	// Looking at the state opens nothing.
	expect(valueOf(status)).toBe('failed');
	expect(browser.sockets).toHaveLength(2);
});

it('shows denials', async () => {
	const { browser, connection } = openPage();
	connection.subscribe('no');
	await microtasks();
	browser.socket.receive({ type: 'subscribe-denied', topic: 'no', ref: 1, reason: 'FORBIDDEN' });
	expect(valueOf(denials)).toEqual({ topic: 'no', reason: 'FORBIDDEN', ref: 1 });
});

it('rejects ready() and once() when the connection has ended for good', async () => {
	const { browser } = openPage();
	const waiting = once('a', 'b');
	browser.socket.end(4401, 'signed out');
	await expect(waiting).rejects.toThrow('the connection ended before b came on a');
	await expect(ready()).rejects.toThrow('signed out');
});

it('waits for the next event, for one of a name, and not longer than told', async () => {
	const { browser } = openPage();
	const any = once('a');
	const named = once<number>('a', 'wanted', { timeout: 60_000 });
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'subscribe', topic: 'a', ref: 1 }]);
	browser.socket.receive({ topic: 'a', event: 'other', data: 1, seq: 1 });
	browser.socket.receive({ topic: 'a', event: 'wanted', data: 2 });
	expect(await any).toEqual({ topic: 'a', event: 'other', data: 1, seq: 1 });
	expect(await named).toEqual({ data: 2 });
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'a' }]);
	await expect(once('a', { timeout: 1 })).rejects.toThrow('no event came on a within 1 ms');
	const endless = once('a', { timeout: Infinity });
	const late = new Promise((resolve) => setTimeout(resolve, 5, 'late'));
	expect(await Promise.race([endless, late])).toBe('late');
	browser.socket.receive({ topic: 'a', event: 'x', data: 3 });
	expect(await endless).toMatchObject({ data: 3 });
});

it('sends values as JSON and bytes as they are', () => {
	const { browser, connection } = openPage();
	connection.send('text');
	connection.send({ a: 1 });
	connection.send(undefined);
	connection.sendQueued(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
	connection.send(new Uint8Array([9]).buffer);
	expect(browser.socket.sent).toEqual(['"text"', '{"a":1}', 'null', new Uint8Array([2, 3]), new Uint8Array([9])]);
	browser.socket.end();
	const value = { at: 'call time' };
	connection.sendQueued(value);
	value.at = 'later';
	expect(connection.send('dropped')).toBe(false);
	browser.time.pass(3000);
	browser.socket.open();
	expect(browser.socket.read().at(-1)).toEqual({ at: 'call time' });
});

it('shows what changes of the client, and its latest event', () => {
	const { browser, connection } = openPage();
	expect([connection.connected, connection.maxPayloadLength]).toEqual([true, 9000]);
	const seen: unknown[] = [];
	connection.events.subscribe((event) => seen.push(event?.data));
	browser.socket.receive({
		type: 'batch',
		events: [
			{ topic: 'a', event: 'x', data: 1 },
			{ topic: 'b', event: 'y', data: 2 }
		]
	});
	expect(seen).toEqual([undefined, 1, 2]);
	browser.socket.end();
	expect(connection.connected).toBe(false);
});

it('gives back what the connection itself holds, and leaves the stores alone', async () => {
	const { browser, connection } = openPage();
	connection.subscribe('a');
	connection.subscribe('a');
	connection.subscribe('b');
	const stop = connection.on('b').subscribe(() => {});
	await microtasks();
	browser.socket.read();
	connection.unsubscribe('a');
	connection.unsubscribe('b');
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'a' }]);
	stop();
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'b' }]);
});

it('warns of what send() dropped, when it is told to log', () => {
	const browser = startBrowser();
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
	const debug = vi.spyOn(console, 'debug').mockImplementation(() => {});
	const connection = connect({ ...browserOptions(browser), debug: true });
	expect(connection.send(1)).toBe(false);
	expect(warn).toHaveBeenCalledOnce();
	browser.socket.open();
	expect(connection.send(1)).toBe(true);
	expect(warn).toHaveBeenCalledOnce();
	expect(debug.mock.calls).toEqual([
		['[ws] status', 'connecting'],
		['[ws] status', 'open']
	]);
});

it('answers requests by the function and by the connection, one handler at a time', async () => {
	const { browser, connection } = openPage();
	const ask = async (): Promise<unknown> => {
		browser.socket.receive({ type: 'request', ref: 1, event: 'x', data: 2 });
		await new Promise((resolve) => setImmediate(resolve));
		return browser.socket.read()[0]?.data;
	};
	onRequest((_event, data) => data * 2);
	expect(await ask()).toBe(4);
	const stop = connection.onRequest((_event, data) => data * 3);
	expect(await ask()).toBe(6);
	stop();
	expect(await ask()).toBeUndefined();
});

it('stops waiting in once() when the signal aborts, and lets the topic go', async () => {
	const { browser } = openPage();
	const stop = new AbortController();
	const waiting = once('a', { signal: stop.signal });
	await microtasks();
	stop.abort(new Error('left'));
	await expect(waiting).rejects.toThrow('left');
	await microtasks();
	expect(browser.socket.read().map(({ type }) => type)).toEqual(['subscribe', 'unsubscribe']);
	await expect(once('a', 'x', { signal: stop.signal })).rejects.toThrow('left');
});

it('ready(): is there on the connection too, and rejects once it is closed', async () => {
	const { connection } = openPage();
	await connection.ready();
	connection.close();
	await expect(connection.ready()).rejects.toThrow('Connection closed: by close()');
});

it('_onEvent: is the store of one event of a topic', () => {
	const { browser, connection } = openPage();
	const seen: unknown[] = [];
	const stop = connection._onEvent('a', 'x').subscribe((value) => seen.push(value));
	browser.socket.receive({ topic: 'a', event: 'x', data: 1 });
	browser.socket.receive({ topic: 'a', event: 'y', data: 2 });
	expect(seen).toEqual([null, { data: 1 }]);
	stop();
});

it('_release: gives back one subscribe at a time, and leaves what the server joined for the client', async () => {
	const { browser, connection } = openPage();
	connection.subscribe('a');
	connection.subscribe('a');
	await microtasks();
	browser.socket.read();
	connection._release('a');
	await microtasks();
	expect(browser.socket.read()).toEqual([]);
	connection._release('a');
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'a' }]);
	connection._release('joined-by-the-server');
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'joined-by-the-server' }]);
});

it('_permaClosed: becomes true when no further attempt will be made, and not before', () => {
	const { browser, connection } = openPage();
	const seen: boolean[] = [];
	connection._permaClosed.subscribe((ended) => seen.push(ended));
	browser.socket.end(1011);
	browser.time.pass(3000);
	browser.socket.end(4401);
	expect(seen).toEqual([false, true]);
	expect(valueOf(connection._permaClosed)).toBe(true);
});

it('_hasUrl: tells whether the connection was opened with an address of its own', () => {
	expect(openPage().connection._hasUrl).toBe(true);
	expect(connect()._hasUrl).toBe(true);
	delete (globalThis as { [PAGE]?: unknown })[PAGE];
	vi.stubGlobal('WebSocket', class {});
	vi.stubGlobal('location', { protocol: 'http:', host: 'app.example' });
	vi.spyOn(console, 'warn').mockImplementation(() => {});
	valueOf(status);
	expect(connect({ url: 'ws://too/late' })._hasUrl).toBe(false);
});

it('_release: does not take a subscribe that was given back already for one that is left', async () => {
	const { browser, connection } = openPage();
	connection.subscribe('a');
	const second = connection.subscribe('a');
	second();
	second();
	await microtasks();
	browser.socket.read();
	connection._release('a');
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'a' }]);
});
