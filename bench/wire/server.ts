import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Certificate } from '../../tests/packaging/certificate.ts';

const here = import.meta.dirname;
const built = (adapter: string): readonly string[] => [join(here, `../app/build/${adapter}`)];
const script = (name: string): readonly string[] => [join(here, `servers/${name}.ts`)];

interface Subject {
	readonly args: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	/** It has a certificate of its own. */
	readonly tls?: boolean;
	/** It may use every core, so that several processes make a difference. */
	readonly unpinned?: boolean;
}

const uws = { args: built('uws'), env: { TRANSPORT: 'uws' } };
const node = { args: built('uws'), env: { TRANSPORT: 'node' } };
const workers = (one: typeof uws, count: number): Subject => ({
	...one,
	env: { ...one.env, CLUSTER_WORKERS: String(count) },
	unpinned: true
});

/** What is measured, and how each is started. */
export const SUBJECTS: Readonly<Record<string, Subject>> = {
	'ours on uws': uws,
	'ours on node': node,
	'ours on uws, mixed': uws,
	'ours on uws, checked': uws,
	'ours on uws, checked, middleware': { ...uws, env: { ...uws.env, BENCH_MIDDLEWARE: '1' } },
	'ours on uws, TLS': { ...uws, tls: true },
	'ours on node, TLS': { ...node, tls: true },
	'ours on uws, 1 worker': workers(uws, 1),
	'ours on uws, 2 workers': workers(uws, 2),
	'ours on node, 2 workers': workers(node, 2),
	'raw uws': { args: script('raw') },
	'raw uws, one frame': { args: script('raw') },
	'raw uws, mixed': { args: script('raw') },
	ws: { args: script('ws') },
	'socket.io': { args: script('socket-io') },
	'adapter-node': { args: built('node') }
};

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

/** Keeps this process and what it starts on the second core, so that the first is the server's. */
export function pinLoad(): void {
	if (hasTaskset) spawnSync('taskset', ['-acp', '1', String(process.pid)]);
}

/** One server in a fresh process. */
export class Server implements AsyncDisposable {
	readonly port: number;
	/** `http://…` or `https://…`, without a slash at the end. */
	readonly url: string;
	/** Milliseconds from the start of the process until it said that it listens. */
	readonly startMs: number;
	readonly #process: ChildProcess;
	readonly #said: () => string;

	private constructor(child: ChildProcess, origin: string, startMs: number, said: () => string) {
		this.#process = child;
		this.url = origin;
		this.port = Number(new URL(origin).port);
		this.startMs = startMs;
		this.#said = said;
	}

	static async start(subject: string, flags: readonly string[] = []): Promise<Server> {
		const { args, env, tls = false, unpinned = false } = SUBJECTS[subject]!;
		const command = [process.execPath, ...flags, '--import', join(here, 'servers/gc.mjs'), ...args];
		const [program, ...rest] = hasTaskset ? ['taskset', '-c', unpinned ? '0,1' : '0', ...command] : command;
		using certificate = tls ? new Certificate('bench') : undefined;
		const began = performance.now();
		const child = spawn(program!, rest, {
			env: {
				...process.env,
				HOST: '127.0.0.1',
				PORT: '0',
				ORIGIN: 'http://127.0.0.1',
				...env,
				...(certificate && { SSL_CERT: certificate.cert, SSL_KEY: certificate.key })
			},
			stdio: ['ignore', 'pipe', 'pipe']
		});
		let said = '';
		const listening = Promise.withResolvers<string | undefined>();
		const hear = (text: Buffer): void => {
			said += text.toString();
			const origin = /Listening on (https?:\/\/\S+:\d+)/.exec(said)?.[1];
			if (origin !== undefined) listening.resolve(origin);
		};
		child.stdout.on('data', hear);
		child.stderr.on('data', hear);
		child.once('exit', () => listening.resolve(undefined));
		const origin = await listening.promise;
		if (origin === undefined) throw new Error(`${subject} does not start:\n${said}`);
		return new Server(child, origin, performance.now() - began, () => said);
	}

	/** Processor time that the threads of the process, and of those that it started, have used, in microseconds. */
	cpu(): number {
		return nanoseconds(String(this.#process.pid)) / 1_000;
	}

	/** Resident memory in bytes after a garbage collection. */
	async memory(): Promise<number> {
		const before = this.#said().length;
		const answer = (): string | undefined => /memory: (\d+)\n/.exec(this.#said().slice(before))?.[1];
		this.#process.kill('SIGUSR2');
		await until(() => answer() !== undefined);
		return Number(answer());
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#process.exitCode !== null) return;
		this.#process.kill('SIGKILL');
		await once(this.#process, 'exit');
	}
}

function nanoseconds(pid: string): number {
	let sum = 0;
	const tasks = `/proc/${pid}/task`;
	for (const task of readdirSync(tasks)) {
		sum += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]);
		const children = readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean);
		for (const child of children) sum += nanoseconds(child);
	}
	return sum;
}

async function until(condition: () => boolean): Promise<void> {
	const end = performance.now() + 30_000;
	while (!condition()) {
		if (performance.now() > end) throw new Error('The server did not answer within 30 seconds.');
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
