import { DIALECTS, MIXED } from './load/dialects.ts';
import { fanOutLoad } from './load/fan-out.ts';
import { httpLoad } from './load/http.ts';
import { idleLoad } from './load/idle.ts';
import { rpcLoad } from './load/rpc.ts';
import type { Server } from './server.ts';

/** One measurement of one server: what the scenario counts, and the server's processor time for each, in microseconds. */
export interface Result {
	readonly value: number;
	readonly cpu: number;
}

export interface Scenario {
	readonly name: string;
	readonly unit: string;
	/** What a goal is asked of. */
	readonly by: Measure;
	/** Who takes part; the first is what the others are compared with. */
	readonly subjects: readonly string[];
	readonly goals: Readonly<Record<string, Goal>>;
	/** Options of Node for the server. */
	readonly flags?: readonly string[];
	run(server: Server, subject: string, ms: number): Promise<Result>;
}

/**
 * How a goal compares two subjects: by the server's processor time for each operation, or by the value, of which less is
 * better. Not by how many there are a second, because that falls with whatever else the machine does meanwhile.
 */
export type Measure = 'time' | 'less';

/** What is asked of a subject: to be so many times as good as another one, or to need no more than that. */
export type Goal =
	| { readonly of: string; readonly ratio: number }
	| { readonly atMost: number; /** Processor time for each, in microseconds. */ readonly atMostTime?: number };

const SOCKETS = ['raw uws', 'ours on uws', 'ours on node', 'ws', 'socket.io'];

/** Measures the server's processor time of what `load` counts per second. */
async function timed(
	server: Server,
	load: (measured: <T>(run: () => Promise<T>) => Promise<T>) => Promise<number>
): Promise<Result> {
	let used = 0;
	let seconds = 0;
	const value = await load(async (run) => {
		const [cpu, began] = [server.cpu(), performance.now()];
		const result = await run();
		used = server.cpu() - cpu;
		seconds = (performance.now() - began) / 1_000;
		return result;
	});
	return { value, cpu: used / (value * seconds) };
}

const rpc = (connections: number, inFlight: number, ratio: number): Scenario => ({
	name: `RPC, ${connections} × ${inFlight}`,
	unit: 'calls/s',
	by: 'time',
	subjects: SOCKETS,
	goals: { 'ours on uws': { of: 'raw uws', ratio }, 'ours on node': { of: 'ws', ratio: 1 } },
	run: (server, subject, ms) =>
		timed(server, (measured) => rpcLoad(server.port, DIALECTS[subject]!, { connections, inFlight }, ms, measured))
});

/** What guard, schema and limit cost, and middleware around them. */
const checked = (connections: number, inFlight: number): Scenario => ({
	...rpc(connections, inFlight, 0.9),
	name: `RPC with guard, schema and limit, ${connections} × ${inFlight}`,
	subjects: ['raw uws', 'ours on uws', 'ours on uws, checked', 'ours on uws, checked, middleware'],
	goals: {
		'ours on uws': { of: 'raw uws', ratio: 0.9 },
		'ours on uws, checked': { of: 'raw uws', ratio: 0.8 },
		'ours on uws, checked, middleware': { of: 'raw uws', ratio: 0.8 }
	}
});

const fanOut = (subscribers: number, size: number, goal: Goal, count = 1, more: readonly string[] = []): Scenario => ({
	name: `Fan-out, ${subscribers} × ${size} B${count > 1 ? ` × ${count} a turn` : ''}`,
	unit: 'deliveries/s',
	by: 'time',
	subjects: [...SOCKETS, ...more],
	goals: { 'ours on uws': goal, 'ours on node': { of: 'ws', ratio: 1 } },
	run: (server, subject, ms) =>
		timed(server, (measured) => fanOutLoad(server.port, [DIALECTS[subject]!], { subscribers, size, count }, ms, measured))
});

/** What a burst may cost: little beside a frame for each event where frames are most of it, and no more than the one frame where bytes are. */
const burst = (subscribers: number, size: number): Scenario =>
	size < 1_000
		? fanOut(subscribers, size, { of: 'raw uws', ratio: 10 }, 100)
		: fanOut(subscribers, size, { of: 'raw uws, one frame', ratio: 0.9 }, 100, ['raw uws, one frame']);

/** Subscribers of whom half take one event a frame, beside as many who all take many, and beside the least that such a mixture costs. */
const mixed = (count: number, goal: Goal): Scenario => ({
	name: `Fan-out, 1000 × 100 B × ${count} a turn, half of them plain`,
	unit: 'deliveries/s',
	by: 'time',
	subjects: ['ours on uws', 'ours on uws, mixed', 'raw uws, mixed'],
	goals: { 'ours on uws, mixed': goal },
	run: (server, subject, ms) =>
		timed(server, (measured) =>
			fanOutLoad(server.port, MIXED[subject] ?? [DIALECTS[subject]!], { subscribers: 1_000, size: 100, count }, ms, measured)
		)
});

const HTTP = ['raw uws', 'ours on uws', 'ours on node', 'ws', 'adapter-node'];

const http = (name: string, path: string, goals: Scenario['goals'], subjects: readonly string[] = HTTP): Scenario => ({
	name,
	unit: 'requests/s',
	by: 'time',
	subjects,
	goals,
	run: (server, _subject, ms) => timed(server, (measured) => httpLoad(server.url + path, ms, measured))
});

/** Starts and answers one page. */
const start = (name: string, unit: string, goals: Scenario['goals'], measure: (server: Server) => Promise<number>): Scenario => ({
	name,
	unit,
	by: 'less',
	subjects: ['adapter-node', 'ours on uws', 'ours on node'],
	goals,
	async run(server) {
		const value = await measure(server);
		return { value, cpu: server.cpu() };
	}
});

async function ask(server: Server): Promise<number> {
	const began = performance.now();
	const response = await fetch(`${server.url}/`);
	if (response.status !== 200) throw new Error(`The first page is a ${response.status}.`);
	await response.text();
	return performance.now() - began;
}

/** Descriptors are what a process has the fewest of: 20,000 is a usual limit. */
const CONNECTIONS = 19_000;

export const SCENARIOS: readonly Scenario[] = [
	rpc(1, 1, 0.8),
	rpc(1, 32, 0.8),
	rpc(32, 32, 0.9),
	rpc(64, 256, 0.9),
	checked(32, 32),
	...[100, 1_000].flatMap((subscribers) => [100, 1_000].map((size) => fanOut(subscribers, size, { of: 'raw uws', ratio: 0.95 }))),
	...[100, 1_000].flatMap((subscribers) => [100, 1_000].map((size) => burst(subscribers, size))),
	mixed(1, { of: 'ours on uws', ratio: 0.8 }),
	mixed(100, { of: 'raw uws, mixed', ratio: 0.9 }),
	http('Static file', '/file.txt', { 'ours on uws': { of: 'raw uws', ratio: 0.95 }, 'ours on node': { of: 'ws', ratio: 1 } }),
	http('API route', '/api', {
		'ours on uws': { of: 'adapter-node', ratio: 2 },
		'ours on node': { of: 'adapter-node', ratio: 1 }
	}),
	http('Page', '/', { 'ours on uws': { of: 'adapter-node', ratio: 1.15 }, 'ours on node': { of: 'adapter-node', ratio: 1 } }),
	http('API route, TLS', '/api', {}, ['ours on uws', 'ours on uws, TLS', 'ours on node', 'ours on node, TLS']),
	http('API route, workers', '/api', {}, [
		'ours on uws, 1 worker',
		'ours on uws, 2 workers',
		'ours on node, 2 workers',
		'adapter-node'
	]),
	start(
		'Cold start until the first page',
		'ms',
		{ 'ours on uws': { of: 'adapter-node', ratio: 1 }, 'ours on node': { of: 'adapter-node', ratio: 1 } },
		async (server) => server.startMs + (await ask(server))
	),
	start('Memory after the first page', 'MB', {}, async (server) => {
		await ask(server);
		return (await server.memory()) / 1_048_576;
	}),
	...[false, true].map((joined): Scenario => ({
		name: `${joined ? 'Subscribed' : 'Idle'} memory, ${CONNECTIONS.toLocaleString('en')} connections`,
		unit: 'bytes each',
		// V8 reserves up to 48 MB for short-lived objects, depending on how much garbage there ever was; no connection holds it.
		flags: ['--max-semi-space-size=1'],
		by: 'less',
		subjects: SOCKETS,
		goals: {
			'ours on uws': joined ? { atMost: 3_072 } : { atMost: 2_048, atMostTime: 70 },
			'ours on node': { of: 'ws', ratio: 1 }
		},
		async run(server, subject) {
			const { bytes, microseconds } = await idleLoad(server, DIALECTS[subject]!, { connections: CONNECTIONS, joined });
			return { value: bytes, cpu: microseconds };
		}
	}))
];
