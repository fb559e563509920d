import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { freePort } from 'conformance/free-port';
import { seeded } from 'conformance/fuzz/random';
import { mutatedRequests } from 'conformance/http/mutated';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Certificate } from './certificate.ts';
import type { Running } from 'conformance/running';
import { within } from 'conformance/within';
import { start as startServer } from './project.ts';

/** The example, with ports and files of this machine in place of its own. */
function adapt(name: string, changes: readonly (readonly [from: string, to: string])[]): string {
	return changes.reduce(
		(text, [from, to]) => {
			if (!text.includes(from)) throw new Error(`${name} does not say ${JSON.stringify(from)} any more.`);
			return text.replaceAll(from, to);
		},
		readFileSync(fileURLToPath(new URL(`../../examples/deploy/${name}`, import.meta.url)), 'utf8')
	);
}

/** What a proxy is told in place of the names in the example. */
interface Place {
	readonly folder: string;
	readonly certificate: Certificate;
	/** Where the two servers listen. */
	readonly servers: readonly number[];
	readonly http: number;
	readonly https: number;
}

interface Proxy {
	readonly program: string;
	configure(place: Place): string;
	args(folder: string): string[];
}

const nginx: Proxy = {
	// It lies in a folder that only root has on its path.
	program: existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx',
	args: (folder) => ['-p', folder, '-c', join(folder, 'config'), '-e', 'stderr'],
	configure: ({ folder, certificate, servers, http, https }) =>
		adapt('nginx.conf', [
			['server 127.0.0.1:3000 ', `server 127.0.0.1:${servers[0]} `],
			['server 127.0.0.1:3001 ', `server 127.0.0.1:${servers[1]} `],
			['listen 80;', `listen 127.0.0.1:${http};`],
			['listen 443 ssl http2;', `listen 127.0.0.1:${https} ssl http2;`],
			['/etc/letsencrypt/live/example.com/fullchain.pem', `"${certificate.cert}"`],
			['/etc/letsencrypt/live/example.com/privkey.pem', `"${certificate.key}"`],
			[
				'worker_processes auto;',
				`worker_processes 1;\ndaemon off;\npid nginx.pid;\nerror_log stderr;\n${process.getuid?.() === 0 ? 'user root;' : ''}`
			],
			['worker_rlimit_nofile 65536;', ''],
			['worker_connections 32768;', 'worker_connections 512;'],
			[
				'http {\n',
				`http {\n\taccess_log off;\n${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `\t${name}_temp_path "${join(folder, 'temp', name)}";\n`).join('')}`
			]
		])
};

const caddy: Proxy = {
	program: 'caddy',
	args: (folder) => ['run', '--adapter', 'caddyfile', '--config', join(folder, 'config')],
	configure: ({ certificate, servers, http, https }) =>
		`{\n\tadmin off\n\thttp_port ${http}\n\thttps_port ${https}\n\tauto_https disable_redirects\n}\n${adapt('Caddyfile', [
			['example.com {', `https://127.0.0.1:${https} {\n\tbind 127.0.0.1\n\ttls "${certificate.cert}" "${certificate.key}"`],
			['127.0.0.1:3000 ', `127.0.0.1:${servers[0]} `],
			['127.0.0.1:3001 ', `127.0.0.1:${servers[1]} `]
		])}`
};

describe.each([
	['nginx', 'uws', nginx],
	['nginx', 'node', nginx],
	['Caddy', 'uws', caddy],
	['Caddy', 'node', caddy]
] as const)('%s, as in the example, in front of two servers on %s', (_name, TRANSPORT, proxy) => {
	const certificate = new Certificate('proxy');
	const folder = mkdtempSync(join(tmpdir(), 'proxy '));
	const servers: Running[] = [];
	let ports: readonly number[];
	let origin: string;
	let running: ChildProcess;
	let output = '';
	const agent = new Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false });

	async function start(index: number): Promise<void> {
		const server = startServer({
			PORT: String(ports[index]),
			TRANSPORT,
			PROTOCOL_HEADER: 'x-forwarded-proto',
			HOST_HEADER: 'x-forwarded-host',
			ADDRESS_HEADER: 'x-forwarded-for'
		});
		servers[index] = server;
		await server.said(/Listening on/);
	}

	const ask = (path: string, headers: Readonly<Record<string, string>> = {}, body?: string) =>
		new Promise<{ readonly status: number | undefined; readonly text: string }>((resolve, reject) => {
			const sent = request(`${origin}${path}`, { agent, headers, method: body === undefined ? 'GET' : 'POST' }, (response) => {
				let text = '';
				response.on('data', (chunk: Buffer) => (text += chunk.toString()));
				response.once('end', () => resolve({ status: response.statusCode, text })).once('error', reject);
			});
			sent.once('error', reject).end(body);
		});

	beforeAll(async () => {
		ports = [await freePort(), await freePort()];
		const [http, https] = [await freePort(), await freePort()];
		origin = `https://127.0.0.1:${https}`;
		for (const name of ['logs', 'temp']) mkdirSync(join(folder, name));
		writeFileSync(join(folder, 'config'), proxy.configure({ folder, certificate, servers: ports, http, https }));
		await Promise.all([start(0), start(1)]);
		running = spawn(proxy.program, proxy.args(folder), {
			// What a proxy keeps for itself goes where the test can remove it.
			env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
			stdio: ['ignore', 'pipe', 'pipe']
		});
		for (const stream of [running.stdout!, running.stderr!]) stream.on('data', (data: Buffer) => (output += data.toString()));
		await vi.waitFor(async () => {
			const answer = await ask('/healthz').catch((error: unknown) => ({ status: String(error) }));
			expect([answer.status, output]).toEqual([200, expect.anything()]);
		});
	});
	afterAll(async () => {
		agent.destroy();
		if (running?.exitCode === null) {
			const gone = new Promise((resolve) => running.once('exit', resolve));
			running.kill('SIGTERM');
			await gone;
		}
		for (const server of servers) await server[Symbol.asyncDispose]();
		certificate[Symbol.dispose]();
		rmSync(folder, { recursive: true });
	});

	it('tells the app its public origin and the client’s address, whatever the client says', async () => {
		const forged = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '203.0.113.9' };
		for (const headers of [{}, forged])
			expect(JSON.parse((await ask('/info', headers)).text)).toMatchObject({ origin, address: '127.0.0.1' });
	});

	it('lets pages of the app connect, and no others', async () => {
		const open = (from: string) =>
			new Promise<WebSocket>((resolve, reject) => {
				const options = { headers: { origin: from }, rejectUnauthorized: false };
				const ws = new WebSocket(`${origin.replace('https', 'wss')}/ws`, options);
				ws.once('open', () => resolve(ws)).once('error', reject);
			});
		const ws = await open(origin);
		const echo = new Promise<string>((resolve) =>
			ws.on('message', (data: Buffer) => data.toString().includes('"subscribed"') && resolve(data.toString()))
		);
		ws.send('{"type":"subscribe","topic":"notes","ref":1}');
		expect(await within(echo, () => `Nobody was subscribed. The proxy said:\n${output}`)).toContain('notes');
		ws.terminate();
		await expect(open('https://evil.example')).rejects.toThrow('403');
	});

	it('passes bodies, and server-sent events as they come', async () => {
		const first = new Promise<void>((resolve, reject) => {
			const sent = request(`${origin}/events?name=proxy`, { agent }, (response) => {
				response.once('data', (chunk: Buffer) => {
					expect(chunk.toString()).toContain('first');
					sent.destroy();
					resolve();
				});
			});
			sent.once('error', reject).end();
		});
		await within(first, () => `No event came. The proxy said:\n${output}`);
		expect((await ask('/echo', { origin, 'content-type': 'text/x' }, 'x'.repeat(100_000))).text.length).toBe(100_000);
		expect((await ask('/echo', { origin, 'content-type': 'text/x' }, 'x'.repeat(600_000))).status).toBe(413);
	});

	it('gives every visitor the answer to their own request, whatever others send', { timeout: 120_000 }, async () => {
		const seed = randomInt(2 ** 32);
		const random = seeded(seed);
		const { host, port } = new URL(origin);
		let going = true;
		const wrong: unknown[] = [];
		const answered = [0, 0, 0, 0];
		const visitors = answered.map(async (_, visitor) => {
			while (going) {
				const said = `${visitor}: ${answered[visitor]!++}`;
				const { text } = await ask('/echo', { origin, 'content-type': 'text/x' }, said).catch((error: unknown) => ({
					text: String(error)
				}));
				if (text !== said) wrong.push([seed, said, text]);
			}
		});
		const attack = (): Promise<void> =>
			new Promise((resolve) => {
				const socket = connectTls({
					host: '127.0.0.1',
					port: Number(port),
					rejectUnauthorized: false,
					ALPNProtocols: ['http/1.1']
				});
				socket.once('secureConnect', () => void socket.write(mutatedRequests(random, host))).on('error', () => {});
				// What breaks off is waited for; nobody waits long for it here.
				socket.once('data', () => socket.end()).setTimeout(200, () => void socket.destroy());
				socket.once('close', () => resolve());
			});
		for (let done = 0; done < 400; done += 20) await Promise.all(Array.from({ length: 20 }, attack));
		going = false;
		await Promise.all(visitors);
		expect(wrong).toEqual([]);
		expect(Math.min(...answered)).toBeGreaterThan(5);
	});

	it('loses no request while one server after the other is replaced', async () => {
		let going = true;
		const failures: unknown[] = [];
		const answered = [0, 0, 0, 0];
		const visitors = answered.map(async (_, index) => {
			while (going) {
				const { status } = await ask('/info').catch((error: unknown) => ({ status: String(error) }));
				if (status !== 200) failures.push(status);
				answered[index]!++;
			}
		});
		for (const index of [0, 1]) {
			const before = [...answered];
			await vi.waitFor(() => expect(answered.every((count, visitor) => count > before[visitor]! + 5)).toBe(true));
			servers[index]!.child.kill('SIGTERM');
			expect(await servers[index]!.exited).toBe(0);
			await start(index);
		}
		going = false;
		await Promise.all(visitors);
		expect([failures, output]).toEqual([[], expect.anything()]);
	});
});
