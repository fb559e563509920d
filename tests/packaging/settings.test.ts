import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, get, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Running } from 'conformance/running';
import { within } from 'conformance/within';
import { describe, expect, it, onTestFinished } from 'vitest';
import { APP } from './project.ts';
import { run, serve, visit } from './serve.ts';

/** A script that imports what was built, on a port of 127.0.0.1 that is free. */
function script(name: string, source: string, env: Readonly<Record<string, string>> = {}): Running {
	const file = join(folder(), name);
	writeFileSync(file, source);
	const running = new Running([file], APP, { HOST: '127.0.0.1', PORT: '0', ...env });
	onTestFinished(() => running[Symbol.asyncDispose]());
	return running;
}

const portOf = (origin: string): number => Number(new URL(origin).port);

function ask(options: RequestOptions): Promise<{ readonly status: number | undefined; readonly text: string }> {
	return new Promise((resolve, reject) => {
		get(options, (response: IncomingMessage) => {
			let text = '';
			response.on('data', (chunk: Buffer) => (text += chunk.toString()));
			response.once('end', () => resolve({ status: response.statusCode, text }));
		}).once('error', reject);
	});
}

function folder(): string {
	const path = mkdtempSync(join(tmpdir(), 'server '));
	onTestFinished(() => rmSync(path, { recursive: true }));
	return path;
}

/** Opens a connection, writes, and gives what came until the other side closed it. */
function until(port: number, text: string): Promise<string> {
	let heard = '';
	const closed = new Promise<string>((resolve, reject) => {
		const socket: Socket = connectTcp(port, '127.0.0.1', () => void socket.write(text));
		socket.on('data', (data) => (heard += data.toString()));
		socket.once('close', () => resolve(heard)).once('error', reject);
	});
	return within(closed, () => `The connection is still open. It brought:\n${heard}`);
}

const WRONG: readonly (readonly [name: string, value: string])[] = [
	['HOST', ''],
	['PORT', '65536'],
	['SOCKET_PATH', ''],
	['REUSE_PORT', 'perhaps'],
	['ORIGIN', 'example.com'],
	['SSL_CERT', '/nowhere/cert.pem'],
	['SSL_KEY', '/nowhere/key.pem'],
	['PROTOCOL_HEADER', 'x y'],
	['HOST_HEADER', 'x y'],
	['PORT_HEADER', 'x y'],
	['ADDRESS_HEADER', 'x y'],
	['XFF_DEPTH', '0'],
	['BODY_SIZE_LIMIT', '-1'],
	['KEEP_ALIVE_TIMEOUT', '-1'],
	['HEADERS_TIMEOUT', 'x'],
	['IDLE_TIMEOUT', 'x'],
	['SHUTDOWN_TIMEOUT', 'x'],
	['SHUTDOWN_DELAY_MS', 'x'],
	['TRANSPORT', 'bun'],
	['CLUSTER_WORKERS', '0'],
	['CLUSTER_MODE', 'fork'],
	['WS_DEBUG', 'x'],
	['LISTEN_PID', 'x'],
	['LISTEN_FDS', 'x']
];

it.each(WRONG)('does not start with %s=%j, and says in one line what it expected', async (name, value) => {
	const server = run({ [name]: value });
	expect(await server.exited).toBe(1);
	const lines = server.output.trim().split('\n');
	expect(lines).toHaveLength(1);
	expect(lines[0]).toMatch(/^The server did not start\. \w+: got /);
	expect(lines[0]).toContain(`${name}: got ${JSON.stringify(value)}, expected `);
});

it('does not start with a secret that is too short, and does not print it', async () => {
	const server = run({ WORKER_RELAY_HMAC_SECRET: 'not long enough' });
	expect(await server.exited).toBe(1);
	expect(server.output).toContain('WORKER_RELAY_HMAC_SECRET: got 15 characters, expected 16 or more');
	expect(server.output).not.toContain('not long enough');
});

it.each(['KEEP_ALIVE_TIMEOUT', 'HEADERS_TIMEOUT'])(
	'does not start with %s on the native transport, which cannot',
	async (name) => {
		const server = run({ [name]: '5', TRANSPORT: 'uws' });
		expect(await server.exited).toBe(1);
		expect(server.output).toContain(`The server did not start. ${name}: the native transport cannot do that`);
		expect(server.output).toContain('Set TRANSPORT=node');
	}
);

describe.each(['uws', 'node'])('a Unix domain socket on %s', (TRANSPORT) => {
	it('serves pages, takes the place of a server that is gone, and not of one that is there', async () => {
		const SOCKET_PATH = join(folder(), 'app.sock');
		const first = run({ TRANSPORT, SOCKET_PATH });
		await first.said(/Listening on http at .*app\.sock/);
		expect((await ask({ socketPath: SOCKET_PATH, path: '/healthz' })).text).toBe('OK');
		expect((await ask({ socketPath: SOCKET_PATH, path: '/', headers: { host: 'a.example' } })).status).toBe(200);

		const second = run({ TRANSPORT, SOCKET_PATH });
		expect(await second.exited).toBe(1);
		expect(second.output).toContain(`Cannot listen on ${SOCKET_PATH}: the path is taken`);
		expect((await ask({ socketPath: SOCKET_PATH, path: '/healthz' })).text).toBe('OK');

		first.child.kill('SIGKILL');
		await first.exited;
		expect(existsSync(SOCKET_PATH)).toBe(true);
		const third = run({ TRANSPORT, SOCKET_PATH });
		await third.said(/Listening on http at/);
		expect((await ask({ socketPath: SOCKET_PATH, path: '/healthz' })).text).toBe('OK');
	});

	it('does not remove a file that is no socket', async () => {
		const SOCKET_PATH = join(folder(), 'notes.txt');
		writeFileSync(SOCKET_PATH, 'mine');
		const server = run({ TRANSPORT, SOCKET_PATH });
		expect(await server.exited).toBe(1);
		expect(server.output).toContain(`Cannot listen on ${SOCKET_PATH}: there is a file of another kind`);
		expect(existsSync(SOCKET_PATH)).toBe(true);
	});
});

it('answers a request whose head comes too slowly with 408, after HEADERS_TIMEOUT', async () => {
	const { origin } = await serve({ TRANSPORT: 'node', HEADERS_TIMEOUT: '1' });
	expect(await until(portOf(origin), 'GET / HTTP/1.1\r\nHost: a')).toMatch(/^HTTP\/1\.1 408 /);
});

it('closes a connection without a request after KEEP_ALIVE_TIMEOUT', async () => {
	const { origin } = await serve({ TRANSPORT: 'node', KEEP_ALIVE_TIMEOUT: '1' });
	const heard = await until(portOf(origin), 'GET /healthz HTTP/1.1\r\nHost: a.example\r\n\r\n');
	expect(heard).toMatch(/Keep-Alive: timeout=1\r\n/i);
	expect(heard.endsWith('OK')).toBe(true);
});

describe('a server that is started by its socket', () => {
	/** As a service manager does: opens the socket, and hands it to the process whose id it names. */
	async function activate(env: Readonly<Record<string, string>>) {
		const opened: Server = createServer();
		await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
		const { port } = opened.address() as AddressInfo;
		const { fd } = (opened as unknown as { readonly _handle: { readonly fd: number } })._handle;
		const server = new Running(
			['-c', 'LISTEN_PID=$$ exec "$0" build', process.execPath],
			APP,
			{ LISTEN_FDS: '1', ...env },
			{
				program: 'sh',
				stdio: ['ignore', 'pipe', 'pipe', fd]
			}
		);
		onTestFinished(() => server[Symbol.asyncDispose]());
		// The child has the socket as well now, and this process must not take its connections.
		await new Promise<void>((resolve) => opened.close(() => resolve()));
		return { port, server };
	}

	it('serves what came before it was there, and ends when nobody needs it any more', async () => {
		const { port, server } = await activate({ TRANSPORT: 'node', IDLE_TIMEOUT: '1' });
		expect((await ask({ host: '127.0.0.1', port, path: '/healthz', agent: false })).text).toBe('OK');
		expect(await server.exited).toBe(0);
		expect(server.output).toContain('Listening on http at descriptor 3');
		expect(server.output).toContain('app shut down: IDLE');
	});

	it('does not start on the native transport', async () => {
		const { server } = await activate({ TRANSPORT: 'uws' });
		expect(await server.exited).toBe(1);
		expect(server.output).toContain('The server did not start. LISTEN_FDS: the native transport cannot do that');
	});
});

it('says that IDLE_TIMEOUT has no effect where nobody would start the server again', async () => {
	const { server } = await serve({ IDLE_TIMEOUT: '1' });
	await server.said(/IDLE_TIMEOUT has no effect/);
});

it.each(['uws', 'node'])('tells whoever imports index.js where it listens, on %s', async (TRANSPORT) => {
	const index = pathToFileURL(join(APP, 'build', 'index.js')).href;
	const server = script(
		'import.mjs',
		`const { host, port, path } = await import(${JSON.stringify(index)});\nconsole.log('at ' + host + ' ' + port + ' ' + path);`,
		{ TRANSPORT }
	);
	const [, port] = await server.said(/at 127\.0\.0\.1 (\d+) undefined/);
	expect(server.output).toContain(`Listening on http://127.0.0.1:${port}`);
});

describe('handler.js', () => {
	const embed = (name: string, source: string): Running => {
		const handler = pathToFileURL(join(APP, 'build', 'handler.js')).href;
		return script(name, `import * as app from ${JSON.stringify(handler)};\nimport { createServer } from 'node:http';\n${source}`);
	};

	it('starts nothing when it is imported', async () => {
		const server = embed('import.mjs', `console.log(Object.keys(app).sort().join(' '));`);
		expect(await server.exited).toBe(0);
		expect(server.output).toBe('attach drain handler shutdown start\n');
	});

	it('answers pages and sockets on a server of somebody else’s, and ends them in order', async () => {
		const server = embed(
			'serve.mjs',
			`const server = createServer((request, response) => {
				if (request.url === '/own') response.end('own page');
				else app.handler(request, response);
			});
			await app.attach(server);
			server.listen(0, '127.0.0.1', () => console.log('at ' + server.address().port));
			process.on('SIGTERM', async () => {
				await app.shutdown('told to');
				console.log('shut down, and still here');
				server.close();
				server.closeAllConnections();
			});`
		);
		const [, text] = await server.said(/at (\d+)/);
		const origin = `http://127.0.0.1:${text}`;
		expect(await (await fetch(`${origin}/own`)).text()).toBe('own page');
		expect(await (await fetch(`${origin}/words.txt`)).text()).not.toBe('');
		await using client = await visit(origin);
		await client.subscribe('notes');
		await fetch(`${origin}/publish`, {
			method: 'POST',
			headers: { origin },
			body: JSON.stringify({ how: 'publish', messages: [{ topic: 'notes', event: 'created', data: 1 }] })
		});
		expect(await client.event('notes')).toBe(1);
		expect((await fetch(`${origin}/readyz`)).status).toBe(200);
		server.child.kill('SIGTERM');
		expect(await client.closed).toEqual({ code: 1012, reason: expect.stringMatching(/^Server shutting down; retry in \d+ ms$/) });
		expect(await server.exited).toBe(0);
		expect(server.output).toMatch(/hooks shut down\n[^]*app shut down: told to\n[^]*shut down, and still here\n/);
	});

	it('hands the reason why the app cannot be loaded to next', async () => {
		const server = embed(
			'next.mjs',
			`process.env.PORT = 'nonsense';
			app.handler({ socket: {} }, {}, (error) => console.log('next: ' + error.message));`
		);
		expect(await server.exited).toBe(0);
		expect(server.output).toContain('next: PORT: got "nonsense", expected a whole number, 0 to 65535.');
	});
});

it('refuses a port that another program listens on, with host and port', async () => {
	const other = createHttp();
	await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
	onTestFinished(() => void other.close());
	const { port } = other.address() as AddressInfo;
	for (const TRANSPORT of ['uws', 'node']) {
		const server = run({ TRANSPORT, PORT: String(port) });
		expect(await server.exited).toBe(1);
		expect(server.output).toContain(`The server did not start. Cannot listen on 127.0.0.1:${port}: the port is taken`);
	}
	expect(other.listening).toBe(true);
});
