import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAuthenticate } from './authenticate.ts';
import { connect } from './client.ts';
import { Running } from 'conformance/running';
import { build, builtProject, createProject, deploy, originOf, start, viteBin, type Kit } from './project.ts';

const serve = (directory: string, env: Readonly<Record<string, string>> = {}): Running =>
	start({ APP_SECRET: 'at run time', ...env }, directory);
const portOf = async (server: Running): Promise<number> => Number(new URL(await originOf(server)).port);

describe.each<Kit>(['kit2', 'kit3'])('a build of %s', (kit) => {
	let project: string;
	let directory: string;

	beforeAll(() => {
		project = builtProject(kit);
		directory = deploy(project);
	});
	afterAll(() => rmSync(directory, { recursive: true, force: true }));

	describe.each(['uws', 'node'])('on %s', (transport) => {
		let server: Running;
		let port: number;
		const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
		const visit = (query = '') => connect(`ws://127.0.0.1:${port}/live${query}`, url(''));

		beforeAll(async () => {
			server = serve(directory, { TRANSPORT: transport, BODY_SIZE_LIMIT: '1K' });
			port = await portOf(server);
		});
		afterAll(() => server[Symbol.asyncDispose]());

		it('says what it serves', () => {
			expect(server.output).toContain('WebSocket endpoint registered at /live\n');
			expect(server.output).toContain("connect({ path: '/live' })");
			expect(server.output.includes('(node transport)')).toBe(transport === 'node');
		});

		it('renders pages, those of build time as well', async () => {
			const page = await fetch(url('/'));
			expect(page.status).toBe(200);
			expect(await page.text()).toMatch(/<h1>Opened \d+<\/h1>/);
			expect(await (await fetch(url('/prerendered'))).text()).toContain('Written at build time');
			expect((await fetch(url('/nowhere'))).status).toBe(404);
		});

		it('serves static files with a tag, not modified and compressed', async () => {
			const text = readFileSync(join(project, 'static/words.txt'), 'utf8');
			const plain = await fetch(url('/words.txt'), { headers: { 'accept-encoding': 'identity' } });
			expect(await plain.text()).toBe(text);
			const etag = plain.headers.get('etag')!;
			expect(etag).toMatch(/^"/);
			expect((await fetch(url('/words.txt'), { headers: { 'accept-encoding': 'identity', 'if-none-match': etag } })).status).toBe(
				304
			);
			const compressed = await fetch(url('/words.txt'), { headers: { 'accept-encoding': 'br' } });
			expect(compressed.headers.get('content-encoding')).toBe('br');
			expect(await compressed.text()).toBe(text);
		});

		it('reads bodies up to the limit, announced or not', async () => {
			const post = (body: BodyInit) =>
				fetch(url('/echo'), {
					method: 'POST',
					body,
					headers: { origin: url(''), 'content-type': 'text/x' },
					duplex: 'half'
				} as RequestInit);
			expect(await (await post('x'.repeat(1024))).text()).toBe('x'.repeat(1024));
			expect((await post('x'.repeat(1025))).status).toBe(413);
			const streamed = new ReadableStream({
				start(controller) {
					controller.enqueue(new TextEncoder().encode('x'.repeat(2000)));
					controller.close();
				}
			});
			expect((await post(streamed)).status).toBe(413);
		});

		it('lets the app make responses of text without streams, which are responses to everybody', async () => {
			const response = await fetch(url('/response'));
			expect(response.headers.get('content-type')).toBe('application/json');
			expect(await response.json()).toEqual({ own: true, name: 'Response', isOne: true, fetched: true, text: 'text' });
			const head = await fetch(url('/response'), { method: 'HEAD' });
			expect([head.status, head.headers.get('content-length')]).toEqual([200, response.headers.get('content-length')]);
		});

		it('answers the health check', async () => {
			const health = await fetch(url('/healthz'));
			expect([health.status, await health.text()]).toEqual([200, 'OK']);
		});

		it('gives routes the platform, the address, files of the build and the instrumentation', async () => {
			const info = await (await fetch(url('/info'), { headers: { 'x-request-id': 'from-outside' } })).json();
			expect(info).toMatchObject({
				requestId: 'from-outside',
				instrumented: true,
				origin: url(''),
				address: '127.0.0.1',
				asset: 'read at run time\n'
			});
		});

		it('runs the hooks, sharing modules and the platform with the routes', async () => {
			await using client = await visit();
			expect(client.headers['x-app']).toBe('yes');
			expect(await client.control('welcome')).toMatchObject({ maxPayloadLength: 16_384 });
			const { opened, ...greeting } = (await client.event('greeting')) as { opened: number };
			expect(greeting).toEqual({ greeting: 'hello', secret: 'at run time' });
			expect(await (await fetch(url('/'))).text()).toContain(`<h1>Opened ${opened}</h1>`);
			expect(await (await fetch(url('/info'))).json()).toMatchObject({ opened, connections: 1 });

			expect(await client.subscribe('news')).toMatchObject({ type: 'subscribed' });
			expect(await client.subscribe('private')).toMatchObject({ type: 'subscribe-denied', reason: 'FORBIDDEN' });
			await fetch(url('/publish'), { method: 'POST', body: 'from a route', headers: { origin: url('') } });
			expect(await client.event('news')).toEqual({ text: 'from a route' });
			client.send('hello');
			expect(await client.text()).toBe('echo hello');
		});

		it('refuses other origins, what the hook refuses, and other paths', async () => {
			await expect(connect(`ws://127.0.0.1:${port}/live`, 'http://evil.example')).rejects.toThrow('403');
			await expect(visit('?refuse')).rejects.toThrow('401');
			await expect(connect(`ws://127.0.0.1:${port}/elsewhere`, url(''))).rejects.toThrow(/404|426/);
		});

		it('lets clients authenticate before they connect', () => expectAuthenticate(url('')));

		it('ends with 0 on SIGTERM, after telling its clients', async () => {
			const client = await visit();
			server.child.kill('SIGTERM');
			expect(await client.closed).toMatchObject({ code: 1012 });
			expect(await server.exited).toBe(0);
		});

		it('goes on serving for the delay, as unhealthy, and ends at once on a second signal', async () => {
			await using leaving = serve(directory, { TRANSPORT: transport, SHUTDOWN_DELAY_MS: '600000' });
			const port = await portOf(leaving);
			leaving.child.kill('SIGINT');
			await leaving.said(/Shutting down: SIGINT/);
			expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(503);
			expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
			// Whoever signals a whole group of processes, npm among them, does it twice.
			for (let n = 0; n < 2; n++) leaving.child.kill('SIGINT');
			expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
			await leaving.insist('SIGINT');
			expect(await leaving.exited).toBe(1);
		});

		it('ends with 0 when it is told to while it starts', async () => {
			await using starting = serve(directory, { TRANSPORT: transport, HANG_INIT: 'yes' });
			await starting.said(/init in/);
			starting.child.kill('SIGTERM');
			expect(await starting.exited).toBe(0);
			expect(starting.output).toContain('before the server was ready: SIGTERM');
		});
	});

	it.each([
		[{ PORT: 'abc' }, 'PORT: got "abc", expected a whole number, 0 to 65535.'],
		[{ CLUSTER_WORKERS: '0' }, 'CLUSTER_WORKERS: got "0", expected auto or a whole number, 1 or more.'],
		[{ CLUSTER_WORKERS: '2', CLUSTER_MODE: 'acceptor', TRANSPORT: 'uws' }, 'uWebSockets.js cannot take a connection'],
		[{ TRANSPORT: 'deno' }, 'TRANSPORT: got "deno", expected uws or node.']
	])('does not start with %j', async (env, message) => {
		await using server = serve(directory, env);
		expect(await server.exited).toBe(1);
		expect(server.output).toContain(message);
		expect(server.output).not.toContain('Listening');
	});

	it('does not start on a port that is taken, and says so', async () => {
		await using first = serve(directory);
		const port = await portOf(first);
		await using second = serve(directory, { PORT: String(port) });
		expect(await second.exited).toBe(1);
		expect(second.output).toContain(`Cannot listen on 127.0.0.1:${port}`);
	});

	it('runs on node where the engine is missing, and refuses when the engine was asked for', async () => {
		const bare = mkdtempSync(join(tmpdir(), 'bare '));
		try {
			symlinkSync(join(directory, 'build'), join(bare, 'build'), 'junction');
			const preserve = ['--preserve-symlinks', '--preserve-symlinks-main', 'build'];
			const env = { HOST: '127.0.0.1', PORT: '0' };
			await using fallback = new Running(preserve, bare, env);
			const port = await portOf(fallback);
			await fallback.said(/Running on the node transport\. uWebSockets\.js is not installed\. .*npm install/);
			expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
			await using forced = new Running(preserve, bare, { ...env, TRANSPORT: 'uws' });
			expect(await forced.exited).toBe(1);
			expect(forced.output).toMatch(/uWebSockets\.js is not installed\. .*npm install/);
		} finally {
			rmSync(bare, { recursive: true, force: true });
		}
	});

	it('serves WebSockets in vite preview, with the modules of the preview', async () => {
		const port = await freePort();
		await using preview = new Running([viteBin(), 'preview', '--port', String(port), '--strictPort'], project, {
			APP_SECRET: 'of the preview'
		});
		await preview.said(/WebSocket endpoint registered at \/live/);
		const origin = `http://localhost:${port}`;
		await using client = await connect(`ws://localhost:${port}/live`, origin);
		expect(await client.event('greeting')).toEqual({ greeting: 'hello', secret: 'of the preview', opened: 1 });
		expect(await (await fetch(`${origin}/`)).text()).toContain('<h1>Opened 1</h1>');
		await client.subscribe('news');
		await fetch(`${origin}/publish`, { method: 'POST', body: 'x', headers: { origin } });
		expect(await client.event('news')).toEqual({ text: 'x' });
		await expectAuthenticate(origin);
		preview.child.kill('SIGTERM');
		expect(await client.closed).toMatchObject({ code: 1012 });
	});
});

describe.each<Kit>(['kit2', 'kit3'])('a build of %s without hooks', (kit) => {
	let directory: string;

	beforeAll(() => {
		const project = createProject(kit, 'without hooks');
		rmSync(join(project, 'src/hooks.ws.ts'));
		build(project);
		directory = deploy(project);
	});
	afterAll(() => rmSync(directory, { recursive: true, force: true }));

	it('does not start while nothing says which origin is its own', async () => {
		await using server = serve(directory);
		expect(await server.exited).toBe(1);
		for (const way of ['ORIGIN', 'HOST_HEADER', 'SSL_CERT', 'upgrade hook', 'allowedOrigins', 'unsafeSameOriginWithoutHostPin']) {
			expect(server.output).toContain(way);
		}
		expect(server.output).not.toContain('Listening');
	});

	it('has every module compiled already, wherever it was copied to', async () => {
		await using server = serve(directory, { ORIGIN: 'https://app.example', NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
		await portOf(server);
		const of = (kind: string): string[] =>
			[...server.output.matchAll(new RegExp(`for ${kind} \\S*/server/(\\S+?\\.js)\\.\\.\\..* success`, 'g'))].map(
				([, file]) => file!
			);
		expect(of('ESM')).toContain('adapter-uws.js');
		expect(server.output).not.toMatch(/for CommonJS .*\/server\//);
	});

	it('takes connections of its origin once it is told', async () => {
		await using server = serve(directory, { ORIGIN: 'https://app.example' });
		const port = await portOf(server);
		await using client = await connect(`ws://127.0.0.1:${port}/live`, 'https://app.example');
		expect(await client.subscribe('news')).toMatchObject({ type: 'subscribed' });
		await expect(connect(`ws://127.0.0.1:${port}/live`, `http://127.0.0.1:${port}`)).rejects.toThrow('403');
	});
});

describe.each<Kit>(['kit2', 'kit3'])('a build of %s whose hooks set a cookie on the 101', (kit) => {
	it('says that some proxies drop such a socket, and goes on', async () => {
		const project = createProject(kit, 'cookie');
		const hooks = join(project, 'src/hooks.ws.ts');
		writeFileSync(hooks, readFileSync(hooks, 'utf8').replace("'x-app'", "'Set-Cookie'"));
		await using run = new Running([viteBin(), 'build'], project);
		expect(await run.exited).toBe(0);
		expect(run.output).toContain('Set the cookie in a route or an authenticate hook instead');
	});
});
