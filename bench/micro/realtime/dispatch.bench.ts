/**
 * What one call costs from its frame to its reply, without a server around it: nanoseconds an operation, the least of several
 * rounds, beside the least that can be done: parse, call, stringify, send.
 * Run with `node bench/micro/realtime/dispatch.bench.ts`.
 */
import type { Connection, Platform } from '../../../packages/svelte-adapter-uws/src/contract.ts';
import { emptyApp } from '../../../packages/svelte-realtime/src/define/app.ts';
import { guard, live } from '../../../packages/svelte-realtime/src/define/live.ts';
import { standard } from '../../../packages/svelte-realtime/src/features/standard.ts';
import { Runtime } from '../../../packages/svelte-realtime/src/runtime/runtime.ts';

const ROUNDS = 15;
const OPERATIONS = 50_000;
const TODO = { id: 5, text: 'a note that somebody wrote', done: false };

let sent = 0;
const ws = {
	sendOrClose: (frame: string) => void (sent += frame.length),
	getUserData: () => ({ id: 'ida' }),
	signal: new AbortController().signal,
	onClose: () => true
} as unknown as Connection;
const platform = { requestId: 'r', gate: () => ({ [Symbol.dispose]() {} }) } as unknown as Platform;

const runtime = new Runtime({ platform, features: standard });
const inMiddleware = new Runtime({ platform, features: standard, app: { ...emptyApp(), middleware: [(_ctx, next) => next()] } });
const add = (_ctx: unknown, text: string) => ({ ...TODO, text });
runtime.install('todos/add', live(add));
runtime.install(
	'todos/addLater',
	live(async (ctx, text: string) => add(ctx, text))
);
runtime.install(
	'todos/addGuarded',
	live(add),
	guard({ authenticated: true }, () => {})
);

const schema = { safeParse: (input: unknown) => ({ success: true, data: input as string }) };
const checked = live.rateLimit({ points: 1e12, window: 60_000 }, live.validated(schema, add));
for (const each of [runtime, inMiddleware])
	each.install(
		'todos/addChecked',
		checked,
		guard({ authenticated: true }, () => {})
	);

const handlers = new Map<string, (ctx: unknown, text: string) => unknown>([
	['todos/add', add],
	['todos/addLater', async (ctx, text) => add(ctx, text)]
]);

function least(text: string): void {
	const { rpc, id, args } = JSON.parse(text);
	const result = handlers.get(rpc)!(null, args[0]);
	ws.sendOrClose(JSON.stringify({ topic: '__rpc', event: id, data: { id, ok: true, data: result } }));
}
async function leastAwaited(text: string): Promise<void> {
	const { rpc, id, args } = JSON.parse(text);
	const result = await handlers.get(rpc)!(null, args[0]);
	ws.sendOrClose(JSON.stringify({ topic: '__rpc', event: id, data: { id, ok: true, data: result } }));
}

const call = (rpc: string, text = 'buy milk'): string => JSON.stringify({ rpc, id: 'k3f91a', args: [text] });
const batch = JSON.stringify({
	batch: Array.from({ length: 50 }, (_, i) => ({ rpc: 'todos/add', id: `k3f9${i}`, args: ['buy milk'] }))
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const cases: readonly (readonly [name: string, calls: number, run: () => void])[] = [
	['least: parse, call, stringify, send', 1, () => least(SMALL)],
	['call', 1, () => runtime.receive(ws, { platform }, SMALL)],
	['call with a guard of two', 1, () => runtime.receive(ws, { platform }, GUARDED)],
	['the same, with schema and limit', 1, () => runtime.receive(ws, { platform }, CHECKED)],
	['the same, in middleware', 1, () => inMiddleware.receive(ws, { platform }, CHECKED)],
	['least: the same, awaited', 1, () => void leastAwaited(LATER)],
	['call of an async handler', 1, () => runtime.receive(ws, { platform }, LATER)],
	['least, 2 KB of arguments', 1, () => least(LARGE)],
	['call, 2 KB of arguments', 1, () => runtime.receive(ws, { platform }, LARGE)],
	['call in a batch of 50, each', 50, () => runtime.receive(ws, { platform }, batch)],
	['call of nothing (NOT_FOUND)', 1, () => runtime.receive(ws, { platform }, NONE)],
	['frame of the app', 1, () => runtime.receive(ws, { platform }, APP)]
];
const SMALL = call('todos/add');
const LATER = call('todos/addLater');
const GUARDED = call('todos/addGuarded');
const CHECKED = call('todos/addChecked');
const LARGE = JSON.stringify({ rpc: 'todos/add', id: 'k3f91a', args: Array.from({ length: 40 }, (_, id) => ({ ...TODO, id })) });
const NONE = call('todos/none');
const APP = '{"type":"cursor","topic":"board","data":{"x":1,"y":2}}';

// Interleaved, so that no case has a warmer machine than another.
const best = new Map<string, number>();
for (let round = 0; round < ROUNDS; round++) {
	for (const [name, calls, run] of cases) {
		const times = Math.floor(OPERATIONS / calls);
		const from = process.hrtime.bigint();
		for (let i = 0; i < times; i++) {
			run();
			// A connection has at most so many calls that wait.
			if (i % 500 === 499) await turn();
		}
		await turn();
		const each = Number(process.hrtime.bigint() - from) / (times * calls);
		best.set(name, Math.min(best.get(name) ?? Infinity, each));
	}
}
for (const [name] of cases) console.log(`${name.padEnd(40)}${best.get(name)!.toFixed(0).padStart(7)} ns`);
if (sent === 0) throw new Error('Nothing was sent.');
