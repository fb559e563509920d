import { freePort } from 'conformance/free-port';
import { memoryLog } from '../../test/support/log.ts';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { manualClock } from './clock.ts';
import { createTestServer } from './testing.ts';

async function open(url: string, origin?: string): Promise<WebSocket> {
	const ws = new WebSocket(url, origin === undefined ? {} : { headers: { origin } });
	await new Promise<void>((resolve, reject) => {
		ws.once('open', resolve);
		ws.once('error', reject);
	});
	return ws;
}

it.each(['node', 'uws'] as const)('runs the production core on %s', async (transport) => {
	const frames: string[] = [];
	await using server = await createTestServer({
		transport,
		handler: { message: (ws, { text }) => void ws.send(`echo ${text}`) }
	});
	expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
	const connected = server.waitForConnection();
	const ws = await open(server.wsUrl);
	ws.on('message', (data: Buffer) => void frames.push(data.toString()));
	expect(server.wsConnections.has(await connected)).toBe(true);

	const arrived = server.waitForMessage();
	ws.send('hello');
	expect(await arrived).toEqual({ data: 'hello', isBinary: false });
	await vi.waitFor(() => expect(frames).toContain('echo hello'));

	ws.send('{"type":"subscribe","topic":"news","ref":1}');
	await vi.waitFor(() => expect(frames).toContain('{"type":"subscribed","topic":"news","ref":1}'));
	server.platform.publish('news', 'created', 1);
	await vi.waitFor(() => expect(frames.some((frame) => frame.includes('"event":"created"'))).toBe(true));

	const closed = new Promise((resolve) => ws.once('close', resolve));
	await server.close();
	expect(await closed).toBe(1012);
	expect(server.wsConnections.size).toBe(0);
	await expect(open(server.wsUrl)).rejects.toThrow('ECONNREFUSED');
});

it('runs in memory, with clients that need no port', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	const frames: unknown[] = [];
	const peer = await server.connect();
	peer.onmessage = (frame) => void frames.push(frame);
	await vi.waitFor(() => expect(frames[0]).toContain('"welcome"'));
	expect([server.url, server.wsUrl, server.port, server.platform.connections]).toEqual(['', '', 0, 1]);
	const closed = new Promise((resolve) => (peer.onclose = (code) => resolve(code)));
	await server.close();
	expect(await closed).toBe(1012);
});

it('keeps the time of a manual clock', async () => {
	const clock = manualClock();
	const handler = { upgrade: () => new Promise<object>(() => {}) };
	await using server = await createTestServer({ transport: 'memory', clock, handler, wsOptions: { upgradeTimeout: 3 } });
	const before = clock.pending;
	const refused = expect(server.connect()).rejects.toThrow('504');
	await vi.waitFor(() => expect(clock.pending).toBe(before + 1));
	clock.advance(3000);
	await refused;
});

it('takes the options of the endpoint, and rejects wrong ones', async () => {
	await using server = await createTestServer({ wsPath: '/live', origin: ['https://app.example'] });
	expect(server.wsUrl).toBe(`ws://127.0.0.1:${server.port}/live`);
	await expect(open(server.wsUrl, 'https://evil.example')).rejects.toThrow('403');
	(await open(server.wsUrl, 'https://app.example')).terminate();
	await expect(createTestServer({ wsOptions: { idleTimeout: 1 } })).rejects.toThrow('websocket.idleTimeout: got 1');
	await expect(server.connect()).rejects.toThrow('connect is for the memory transport');
});

it('rejects when init fails, with the port released', async () => {
	const failing = (port: number) => createTestServer({ port, handler: { init: () => Promise.reject(new Error('no database')) } });
	const port = await freePort();
	await expect(failing(port)).rejects.toThrow('no database');
	const again = await createTestServer({ port });
	await again.close();
});

it('says what did not come in time', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	await expect(server.waitForConnection(1)).rejects.toThrow('No connection within 1 ms.');
	await expect(server.waitForMessage(1)).rejects.toThrow('No message within 1 ms.');
});

it('reads what it is given for its environment, and nothing of its own', async () => {
	process.env['ORIGIN'] = 'https://not.example';
	onTestFinished(() => void delete process.env['ORIGIN']);
	const addresses: unknown[] = [];
	const handler = { upgrade: ({ remoteAddress }: { readonly remoteAddress: string }) => ({ at: addresses.push(remoteAddress) }) };
	const env = { ORIGIN: 'https://app.example', ADDRESS_HEADER: 'x-forwarded-for', XFF_DEPTH: '2' };
	await using server = await createTestServer({ transport: 'memory', origin: 'same-origin', handler, env });
	await server.connect('/ws', { origin: 'https://app.example', 'x-forwarded-for': '10.0.0.1, 10.0.0.2, 10.0.0.3' });
	expect(addresses).toEqual(['10.0.0.2']);
	await expect(server.connect('/ws', { origin: 'https://not.example' })).rejects.toThrow('403');
	await using plain = await createTestServer({ transport: 'memory', origin: 'same-origin', handler });
	await plain.connect('/ws', { host: 'own.example', origin: 'http://own.example' });
	await expect(plain.connect('/ws', { host: 'own.example', origin: 'https://not.example' })).rejects.toThrow('403');
	await expect(createTestServer({ transport: 'memory', env: { XFF_DEPTH: '0' } })).rejects.toThrow('XFF_DEPTH: got "0"');
});

it('refuses hooks that are none, and names those that nobody calls', async () => {
	await expect(createTestServer({ transport: 'memory', handler: { open: 5 as never } })).rejects.toThrow(
		'hooks.ws exports open as number, expected a function.'
	);
	const log = memoryLog();
	await using _server = await createTestServer({ transport: 'memory', log, handler: { mesage: () => {} } as never });
	expect(log.lines).toEqual([['warn', expect.stringContaining('hooks.ws exports mesage, which nobody calls.')]]);
});

it.each(['memory', 'node', 'uws'] as const)(
	'%s: goes on where a test runs fake timers, which move only what waits for time',
	async (transport) => {
		vi.useFakeTimers();
		onTestFinished(() => void vi.useRealTimers());
		let wake: () => void = () => {};
		const slept = new Promise<void>((resolve) => (wake = resolve));
		await using server = await createTestServer({
			transport,
			handler: {
				open: (ws) => void ws.subscribe('news'),
				message(ws, { platform, text }) {
					void platform.request(ws, 'anybody there?').catch(wake);
					platform.publish('news', 'said', text);
				}
			}
		});
		const { promise: heard, resolve: hear } = Promise.withResolvers<string>();
		const take = (frame: unknown): void => void (String(frame).includes('said') && hear(String(frame)));
		const hello = server.waitForMessage();
		if (transport === 'memory') {
			const peer = await server.connect();
			peer.onmessage = take;
			peer.send('hello');
		} else {
			const ws = new WebSocket(server.wsUrl);
			ws.on('message', take).once('open', () => ws.send('hello'));
		}
		expect(await hello).toEqual({ data: 'hello', isBinary: false });
		expect(JSON.parse(await heard)).toMatchObject({ topic: 'news', event: 'said', data: 'hello' });
		await expect(server.waitForConnection(1)).rejects.toThrow('No connection within 1 ms.');
		vi.advanceTimersByTime(5_000);
		await slept;
	}
);
