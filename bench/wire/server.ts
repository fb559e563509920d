import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const built = (adapter: string): readonly string[] => [join(here, `../app/build/${adapter}`)];
const script = (name: string): readonly string[] => [join(here, `servers/${name}.ts`)];

/** What is measured, and how each is started. */
export const SUBJECTS: Readonly<
	Record<string, { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }>
> = {
	'ours on uws': { args: built('uws'), env: { TRANSPORT: 'uws' } },
	'ours on node': { args: built('uws'), env: { TRANSPORT: 'node' } },
	'raw uws': { args: script('raw') },
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
	readonly #process: ChildProcess;
	readonly #said: () => string;

	private constructor(child: ChildProcess, port: number, said: () => string) {
		this.#process = child;
		this.port = port;
		this.#said = said;
	}

	static async start(subject: string, flags: readonly string[] = []): Promise<Server> {
		const { args, env } = SUBJECTS[subject]!;
		const node = [process.execPath, '--expose-gc', ...flags, '--import', join(here, 'servers/gc.mjs'), ...args];
		const [command, ...rest] = hasTaskset ? ['taskset', '-c', '0', ...node] : node;
		const child = spawn(command!, rest, {
			env: { ...process.env, HOST: '127.0.0.1', PORT: '0', ORIGIN: 'http://127.0.0.1', ...env },
			stdio: ['ignore', 'pipe', 'pipe']
		});
		let said = '';
		child.stdout.on('data', (text: Buffer) => (said += text.toString()));
		child.stderr.on('data', (text: Buffer) => (said += text.toString()));
		await until(() => /Listening on http:\/\/\S+:\d+/.test(said) || child.exitCode !== null);
		const port = Number(/Listening on http:\/\/\S+:(\d+)/.exec(said)?.[1]);
		if (!port) throw new Error(`${subject} does not start:\n${said}`);
		return new Server(child, port, () => said);
	}

	/** Processor time that the threads of the process have used, in microseconds. */
	cpu(): number {
		const tasks = `/proc/${this.#process.pid}/task`;
		const nanoseconds = readdirSync(tasks).map((task) =>
			Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0])
		);
		return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000;
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

async function until(condition: () => boolean): Promise<void> {
	const end = performance.now() + 30_000;
	while (!condition()) {
		if (performance.now() > end) throw new Error('The server did not answer within 30 seconds.');
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
