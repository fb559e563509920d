import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import type { Log } from '../../src/contract/log.ts';
import { manualClock, type ManualClock } from '../../src/host/clock.ts';
import { Slot } from '../../src/host/cluster/slot.ts';
import { createTestServer } from '../../src/host/testing.ts';
import { memoryLog, type Line } from './log.ts';

/** A built server in a process of its own, with an app that answers nothing; ends once it listens, and may end before. */
export async function serve(given: {
	/** An empty build. */
	readonly directory: string;
	readonly env?: Readonly<Record<string, string | undefined>>;
	readonly hooks?: string;
	readonly options?: string;
}): Promise<Line[]> {
	const src = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url));
	const program = `
		import { createServing } from ${src('host/production.ts')};
		import { resolveAdapterOptions } from ${src('host/options.ts')};
		for (const [level, method] of [['info', 'log'], ['warn', 'warn'], ['error', 'error']])
			console[method] = (text) => process.stdout.write(JSON.stringify([level, text]) + '\\n');
		const options = resolveAdapterOptions({ websocket: true, ...${given.options ?? '{}'} }, console.warn);
		await createServing({
			directory: ${JSON.stringify(given.directory)},
			settings: { ...options, appDir: '_app', base: '', origin: '' },
			app: async () => ({ server: { async init() {}, respond: async () => new Response() } }),
			hooks: async () => (${given.hooks ?? '{}'})
		}).start();`;
	const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
		env: { ...process.env, HOST: '127.0.0.1', PORT: '0', TRANSPORT: 'node', ORIGIN: 'http://a.example', ...given.env }
	});
	const lines: Line[] = [];
	const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
	for await (const line of createInterface(child.stdout)) {
		const [level, text] = JSON.parse(line) as [keyof Log, string];
		lines.push([level, text]);
		if (text.startsWith('Listening on')) child.kill('SIGKILL');
	}
	const code = await exited;
	if (code !== null) lines.push(['debug', `exit ${code}`]);
	return lines;
}

/** Two clients of a server with these hooks, and a line for each that it let in or refused. */
export async function visit(handler: WebSocketHooks): Promise<Line[]> {
	const log = memoryLog();
	await using server = await createTestServer({ handler, log, transport: 'memory' });
	for (let n = 0; n < 2; n++) await server.connect().catch((error: Error) => log.info(error.message));
	return log.lines;
}

/** A worker that says nothing of itself, in its place. */
export function slot(): { readonly clock: ManualClock; readonly log: ReturnType<typeof memoryLog>; end(): void } {
	const clock = manualClock();
	const log = memoryLog();
	let ended: (how: string) => void = () => {};
	const place = new Slot({
		id: 3,
		clock,
		log,
		spawn: () => ({
			pid: 4711,
			node: 'n',
			channel: { send() {}, listen: () => ({ [Symbol.dispose]() {} }) },
			hand() {},
			kill: () => ended('SIGKILL'),
			onExit: (listener) => (ended = listener)
		}),
		joined: () => ({ [Symbol.dispose]() {} }),
		ready() {},
		refused() {},
		ended() {},
		gaveUp: () => log.info('gave up')
	});
	place.start();
	return { clock, log, end: () => ended('exit code 7') };
}

/** What an app is told, as a line. */
export async function rejection(work: Promise<unknown>): Promise<Line[]> {
	return work.then(
		() => [],
		(error: Error) => [['error', error.message]]
	);
}
