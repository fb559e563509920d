import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Running } from 'conformance/running';
import { builtProject, deploy, originOf, start as startServer } from './project.ts';

let directory: string;
beforeAll(() => {
	directory = deploy(builtProject('kit3', true));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Passes what one instance says on to all others, as a message bus does. */
class Hub implements AsyncDisposable {
	readonly #members = new Set<Socket>();
	readonly #server: Server;

	private constructor(server: Server) {
		this.#server = server;
		server.on('connection', (member) => {
			this.#members.add(member);
			member.on('data', (data) => {
				for (const other of this.#members) if (other !== member) other.write(data);
			});
			member.on('error', () => {}).on('close', () => this.#members.delete(member));
		});
	}

	static async start(): Promise<Hub> {
		const server = createServer();
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return new Hub(server);
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const member of this.#members) member.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}

class Visitor implements AsyncDisposable {
	readonly #child: ChildProcess;
	ids: readonly string[] = [];
	/** Codes of calls that did not come back, by entry. */
	readonly lost = new Map<string, string>();
	readonly answered = new Set<string>();

	constructor(origin: string) {
		this.#child = fork(fileURLToPath(new URL('./visitor.ts', import.meta.url)), [`${origin.replace('http', 'ws')}/ws`, origin]);
		this.#child.on('message', (message: { ids?: string[]; answered?: string; code?: string }) => {
			if (message.ids) this.ids = message.ids;
			if (message.answered === undefined) return;
			if (message.code === undefined) this.answered.add(message.answered);
			else this.lost.set(message.answered, message.code);
		});
	}

	append(id: string): void {
		this.#child.send(id);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#child.exitCode !== null) return;
		const gone = new Promise((resolve) => this.#child.once('exit', resolve));
		this.#child.kill('SIGKILL');
		await gone;
	}
}

describe.each(['uws', 'node'])('on %s', (TRANSPORT) => {
	/** Four pages that write to a ledger all the time, while `meanwhile` runs with the server that they found first. */
	async function write(meanwhile: (old: Running, start: () => Promise<Running>) => Promise<Running>): Promise<void> {
		await using stack = new AsyncDisposableStack();
		const folder = mkdtempSync(join(tmpdir(), 'ledger '));
		stack.defer(() => rmSync(folder, { recursive: true }));
		const ledger = join(folder, 'ledger');
		writeFileSync(ledger, '');
		const hub = stack.use(await Hub.start());
		const port = await freePort();
		const origin = `http://127.0.0.1:${port}`;
		const start = async (): Promise<Running> => {
			const server = stack.use(
				startServer(
					{
						...{ PORT: String(port), ORIGIN: origin, REUSE_PORT: 'true', TRANSPORT },
						...{ APP_SECRET: 'at run time', LEDGER: ledger, HUB: String(hub.port) }
					},
					directory
				)
			);
			await originOf(server);
			return server;
		};
		const written = (): string[] => readFileSync(ledger, 'utf8').split('\n').filter(Boolean);
		const until = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 20 });

		let server = await start();
		const visitors = Array.from({ length: 4 }, () => stack.use(new Visitor(origin)));
		let next = 0;
		const writer = setInterval(() => {
			const id = `e${next++}`;
			visitors[next % visitors.length]!.append(id);
		}, 5);
		stack.defer(() => clearInterval(writer));
		const answered = (): number => visitors.reduce((sum, visitor) => sum + visitor.answered.size, 0);
		const more = async (): Promise<void> => {
			const before = answered();
			await until(() => expect(answered()).toBeGreaterThan(before + 50));
		};
		for (let round = 0; round < 2; round++) {
			await more();
			server = await meanwhile(server, start);
		}
		await more();
		clearInterval(writer);
		await until(() => expect(answered() + visitors.reduce((sum, { lost }) => sum + lost.size, 0)).toBe(next));

		const truth = written();
		expect(new Set(truth).size).toBe(truth.length);
		// What was answered was written, and only what was on its way when its connection went may have got lost.
		for (const visitor of visitors) {
			for (const id of visitor.answered) expect(truth).toContain(id);
			for (const code of visitor.lost.values()) expect(code).toBe('DISCONNECTED');
			await until(() => expect(visitor.ids.toSorted()).toEqual(truth.toSorted()));
		}
	}

	it('a server is replaced by another on its port while pages write: none misses an event, and none sees one twice', () =>
		write(async (old, start) => {
			const fresh = await start();
			old.child.kill('SIGTERM');
			expect(await old.exited).toBe(0);
			return fresh;
		}));

	it.each([[['SIGKILL']], [['SIGTERM', 'SIGKILL']]] as const)(
		'a server ends by %j while pages write, and another comes: none misses an event, and none sees one twice',
		(signals) =>
			write(async (old, start) => {
				for (const signal of signals) old.child.kill(signal);
				await old.exited;
				return start();
			})
	);
});
