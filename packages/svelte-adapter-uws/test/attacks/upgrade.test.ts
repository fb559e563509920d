import { RawClient, type RawResponse } from 'conformance/http/client';
import { frame, handshake, TEXT } from 'conformance/transport/raw';
import { describe, expect, it, vi } from 'vitest';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { manualClock } from '../../src/host/clock.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../src/host/testing.ts';
import { memoryLog } from '../support/log.ts';

const OWN = 'http://app.example';
/** A handshake of a page of the app, changed. */
const from = (changes: Readonly<Record<string, string | undefined>> = {}, more: readonly string[] = [], line?: string): string =>
	handshake({ Origin: OWN, ...changes }, more, line).replace(/^(host: ).*$/im, '$1app.example');

describe.each(['node', 'uws'] as const)('handshakes on %s', (transport) => {
	const start = (handler: WebSocketHooks = {}, given: Partial<TestServerOptions> = {}): Promise<TestServer> =>
		createTestServer({ transport, origin: 'same-origin', log: memoryLog(), handler, ...given });

	async function ask(server: TestServer, text: string): Promise<RawResponse> {
		const client = await RawClient.open(server.port);
		await client.send(text);
		const response = await client.response();
		client.drop();
		return response;
	}
	/** The server does for an honest client what it always does. */
	async function expectHealthy(server: TestServer): Promise<void> {
		const client = await RawClient.open(server.port);
		await client.send(from());
		expect((await client.response()).status).toBe(101);
		await client.send(frame({ opcode: TEXT, payload: '{"type":"subscribe","topic":"news","ref":1}' }));
		await vi.waitFor(() => expect(client.text).toContain('"subscribed"'));
		client.drop();
	}
	function expectRefusal({ status, body, header }: RawResponse, expected: number, text: string): void {
		expect([status, body.toString(), header('content-type')]).toEqual([expected, text, 'text/plain; charset=utf-8']);
	}

	const foreign: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
		'no origin': { Origin: undefined },
		null: { Origin: 'null' },
		'an empty one': { Origin: '' },
		'another scheme': { Origin: 'https://app.example' },
		'another port': { Origin: 'http://app.example:8080' },
		'a sub-domain': { Origin: 'http://www.app.example' },
		'its parent': { Origin: 'http://example' },
		'a suffix': { Origin: 'http://app.example.evil.example' },
		'a prefix': { Origin: 'http://evil-app.example' },
		'userinfo before it': { Origin: 'http://app.example@evil.example' },
		'userinfo in it': { Origin: 'http://evil@app.example' },
		'a path behind it': { Origin: 'http://app.example/evil' },
		'a fragment that names it': { Origin: 'http://evil.example#http://app.example' },
		'a backslash': { Origin: 'http://evil.example\\.app.example' },
		'a trailing dot': { Origin: 'http://app.example.' },
		'punycode of a look-alike': { Origin: 'http://xn--pp-eka.example' },
		'a look-alike in latin1': { Origin: 'http://\u00e4pp.example' },
		IPv6: { Origin: 'http://[::1]' },
		'two in one line': { Origin: `${OWN}, http://evil.example` },
		'a list with spaces': { Origin: `${OWN} http://evil.example` },
		'another protocol': { Origin: 'ws://app.example' },
		'no scheme': { Origin: 'app.example' },
		'a file': { Origin: 'file://app.example' },
		'a very long one': { Origin: `http://${'a'.repeat(8_000)}.example` }
	};
	it.each(Object.keys(foreign))('refuses an origin that is %s', async (what) => {
		await using server = await start({ upgrade: () => expect.unreachable() });
		if (what === 'no origin' || what === 'an empty one') {
			await using open = await start();
			expectRefusal(await ask(open, from(foreign[what])), 403, 'Origin not allowed');
		} else expectRefusal(await ask(server, from(foreign[what])), 403, 'Origin not allowed');
	});

	it('refuses two origins in two lines, whichever comes first', async () => {
		await using server = await start();
		for (const [one, two] of [
			[OWN, 'http://evil.example'],
			['http://evil.example', OWN]
		] as const)
			expectRefusal(await ask(server, from({ Origin: one }, [`Origin: ${two}`])), 403, 'Origin not allowed');
	});

	it('takes its own origin in any case and with the port of its scheme', async () => {
		await using server = await start();
		for (const origin of ['http://APP.example', 'http://app.example:80', 'HTTP://app.example'])
			expect((await ask(server, from({ Origin: origin }))).status).toBe(101);
	});

	it('takes no word for a browser that hides its origin, though a hook decides', async () => {
		await using server = await start({ upgrade: () => ({}) });
		for (const site of ['cross-site', 'same-site'])
			expectRefusal(await ask(server, from({ Origin: undefined, 'Sec-Fetch-Site': site })), 403, 'Origin not allowed');
		expect((await ask(server, from({ Origin: undefined }))).status).toBe(101);
	});

	it.each<[string, number, WebSocketHooks, Partial<TestServerOptions>, string]>([
		['the hook says no', 401, { upgrade: () => false }, {}, 'Unauthorized'],
		['the hook says no later', 401, { upgrade: async () => false as const }, {}, 'Unauthorized'],
		['the hook throws', 500, { upgrade: () => fail() }, {}, 'Internal Server Error'],
		['the hook rejects', 500, { upgrade: async () => fail() }, {}, 'Internal Server Error'],
		['the rate is too high', 429, {}, { clock: manualClock(), wsOptions: { upgradeRateLimit: 0.5 } }, 'Too many upgrade requests']
	])('says in plain text that %s', async (_why, status, handler, given, text) => {
		await using server = await start(handler, given);
		// What is half of one a window is none at first.
		if (status === 429) await ask(server, from());
		const response = await ask(server, from());
		expectRefusal(response, status, text);
		expect(response.header('connection')?.toLowerCase()).toBe('close');
		expect(response.header('retry-after')).toBe(status === 429 ? '10' : undefined);
	});

	it('says in plain text that it is full, or that the hook is too slow', async () => {
		const clock = manualClock();
		const upgrade = vi.fn<() => Promise<object>>(() => new Promise(() => {}));
		await using server = await start({ upgrade }, { clock, upgradeAdmission: { maxConcurrent: 1 } });
		const slow = ask(server, from());
		await vi.waitFor(() => expect(upgrade).toHaveBeenCalled());
		expectRefusal(await ask(server, from()), 503, 'The server is at its upgrade capacity');
		clock.advance(10_000);
		expectRefusal(await slow, 504, 'Gateway Timeout');
	});

	it.each<[string, string, number]>([
		['POST', from({}, ['Content-Length: 0'], 'POST /ws'), 405],
		['PUT', from({}, ['Content-Length: 0'], 'PUT /ws'), 405],
		['version 8', from({ 'Sec-WebSocket-Version': '8' }), 426],
		['version 14', from({ 'Sec-WebSocket-Version': '14' }), 426],
		['versions 13, 8', from({ 'Sec-WebSocket-Version': '13, 8' }), 426],
		['no key', from({ 'Sec-WebSocket-Key': undefined }), 400],
		['a short key', from({ 'Sec-WebSocket-Key': 'AAAA' }), 400],
		['a long key', from({ 'Sec-WebSocket-Key': `${'A'.repeat(64)}==` }), 400],
		['two keys', from({}, ['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']), 400],
		['a subprotocol of 8 KB with spaces', from({ 'Sec-WebSocket-Protocol': 'a '.repeat(4_000) }), 400],
		['a subprotocol twice', from({ 'Sec-WebSocket-Protocol': 'a, b, a' }), 400]
	])('refuses %s', async (_what, text, status) => {
		const upgrade = vi.fn<() => object>(() => ({}));
		await using server = await start({ upgrade });
		const response = await ask(server, text);
		expect([response.status, response.header('content-type')]).toEqual([status, 'text/plain; charset=utf-8']);
		expect(upgrade).not.toHaveBeenCalled();
		await expectHealthy(server);
	});

	it.each<[string, string]>([
		['another protocol', from({ Upgrade: 'h2c' })],
		['no wish to upgrade', from({ Connection: 'keep-alive' })],
		['another path', from({}, [], 'GET /wss')],
		['an absolute address', from({}, [], 'GET http://evil.example/ws')],
		['an address without a scheme', from({}, [], 'GET //evil.example/ws')],
		['an address with a scheme inside', from({}, [], 'GET /http://evil.example/ws')],
		['an encoded path', from({}, [], 'GET /%77s')]
	])('opens nothing for %s, and asks nobody else', async (_what, text) => {
		const upgrade = vi.fn<() => object>(() => ({}));
		await using server = await start({ upgrade });
		const { status } = await ask(server, text);
		// 505 is what the engine makes of a whole address.
		expect([400, 405, 426, 505]).toContain(status);
		expect(upgrade).not.toHaveBeenCalled();
		await expectHealthy(server);
	});

	it.each<[string, string]>([
		['names of JavaScript', 'constructor, __proto__; a=b, hasOwnProperty'],
		['a window of 99 bits', 'permessage-deflate; server_max_window_bits=99; client_max_window_bits=99'],
		['a window of -1 bits', 'permessage-deflate; client_max_window_bits=-1'],
		['a thousand offers', Array.from({ length: 1_000 }, (_, i) => `x${i}`).join(', ')],
		['what is no list', ';;;,,,=====""']
	])('agrees on no extension with %s', async (_what, offer) => {
		for (const compression of [false, true]) {
			await using server = await start({}, { wsOptions: { compression } });
			const response = await ask(server, from({ 'Sec-WebSocket-Extensions': offer }));
			expect([101, 400]).toContain(response.status);
			if (response.status === 101) expect(response.header('sec-websocket-extensions') ?? '').not.toMatch(/99|-1|x\d|proto/);
			await expectHealthy(server);
		}
	});

	it('agrees on no subprotocol that is not ASCII', async () => {
		await using server = await start();
		for (const offer of ['\u00e9caf', 'ca\u00e9f', 'caf\u00e9']) {
			const response = await ask(server, from({ 'Sec-WebSocket-Protocol': offer }));
			// The engine takes such bytes at either end of a value for white space.
			if (transport === 'uws' && offer.includes('caf')) expect(response.header('sec-websocket-protocol')).toBe('caf');
			else expect(response.status).toBe(400);
			await expectHealthy(server);
		}
	});

	it('agrees on a subprotocol named constructor, which is a name like any other', async () => {
		await using server = await start();
		const response = await ask(server, from({ 'Sec-WebSocket-Protocol': 'constructor' }));
		expect([response.status, response.header('sec-websocket-protocol')]).toEqual([101, 'constructor']);
	});

	it.each<[string, string]>([
		['none', ''],
		['of another', 'session=0123456789abcdee'],
		['cut', 'session=0123456789abcde'],
		['longer', 'session=0123456789abcdef0'],
		['in another case', 'session=0123456789ABCDEF'],
		['by the name of a prototype', '__proto__=0123456789abcdef; constructor=0123456789abcdef'],
		['behind a name with a space', 'x session=0123456789abcdef'],
		['huge', `session=${'0'.repeat(12_000)}`],
		['replaced by a later one', 'session=0123456789abcdef; session=evil'],
		['as a part of another', 'x="session=0123456789abcdef"']
	])('shows the hook a session %s as what it is', async (_what, cookie) => {
		await using server = await start({ upgrade: ({ cookies }) => cookies['session'] === '0123456789abcdef' && {} });
		expectRefusal(await ask(server, from({ Cookie: cookie })), 401, 'Unauthorized');
		expect((await ask(server, from({ Cookie: 'session=0123456789abcdef' }))).status).toBe(101);
	});

	it('opens nothing for a client that left before the hook decided', async () => {
		let decide = (_: object): void => {};
		const open = vi.fn<() => void>();
		await using server = await start({ upgrade: () => new Promise<object>((resolve) => (decide = resolve)), open });
		for (let i = 0; i < 20; i++) {
			decide = (): void => {};
			const before = decide;
			const client = await RawClient.open(server.port);
			await client.send(from());
			await vi.waitFor(() => expect(decide).not.toBe(before));
			client.drop();
			// At different points of the end of the connection.
			if (i % 2) await new Promise((resolve) => setTimeout(resolve, i));
			decide({});
		}
		await vi.waitFor(() => expect(server.platform.connections).toBe(0));
		expect(open.mock.calls.length).toBeLessThan(20);
	});

	it('counts the socket, whatever a client says of its address', async () => {
		// Of a clock that stands still: once its window is over, another one is let in.
		await using server = await start({}, { clock: manualClock(), wsOptions: { upgradeRateLimit: 5 } });
		const statuses: number[] = [];
		for (let i = 0; i < 50; i++) {
			const spoofed = [`X-Forwarded-For: 10.0.0.${i}`, `X-Real-IP: 10.0.1.${i}`, `Forwarded: for=10.0.2.${i}`];
			statuses.push((await ask(server, from({}, spoofed))).status);
		}
		expect(statuses.filter((status) => status === 101)).toHaveLength(5);
		expect(statuses.filter((status) => status === 429)).toHaveLength(45);
	});

	it('takes a thousand handshakes at once that are all refused, and goes on', async () => {
		await using server = await start({ upgrade: ({ url }) => (url === '/ws?in' ? {} : false) });
		const all = await Promise.all(Array.from({ length: 1_000 }, () => ask(server, from())));
		expect(new Set(all.map(({ status }) => status))).toEqual(new Set([401]));
		expect((await ask(server, from({}, [], 'GET /ws?in'))).status).toBe(101);
	});
});

function fail(): never {
	throw new Error('the password is hunter2');
}
