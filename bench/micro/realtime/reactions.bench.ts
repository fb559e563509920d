/**
 * What one publish costs with what reacts to it, to the end of the last reaction: nanoseconds a publish, the least of several
 * rounds, beside the publish alone. Nobody subscribes, so no frame is sent.
 * Run with `node bench/micro/realtime/reactions.bench.ts`.
 */
import { createTestServer } from '../../../packages/svelte-adapter-uws/src/testing.ts';
import { live } from '../../../packages/svelte-realtime/src/define/live.ts';
import type { Definition } from '../../../packages/svelte-realtime/src/define/definition.ts';
import { standard } from '../../../packages/svelte-realtime/src/features/standard.ts';
import { Runtime } from '../../../packages/svelte-realtime/src/runtime/runtime.ts';
import { combineSum } from '../../../packages/svelte-realtime/src/shared/combine.ts';

const ROUNDS = 10;
const OPERATIONS = 20_000;
const ORDER = { id: 5, shop: 'north', total: 12 };

const count = { init: () => 0, reduce: (n: number) => n + 1, combine: combineSum };
const sum = { init: () => 0, reduce: (n: number, _event: string, { total }: typeof ORDER) => n + total, combine: combineSum };
const fields = { count, sum, mean: { compute: (state: { count: number; sum: number }) => state.sum / state.count } };
const sliding = { type: 'sliding', durationMs: 3_600_000, slideMs: 60_000 } as const;
let ran = 0;

const cases: readonly (readonly [name: string, definitions: readonly Definition[]])[] = [
	['publish', []],
	['ten effects on other topics', Array.from({ length: 10 }, (_, i) => live.effect([`other ${i}`], () => ran++))],
	['an effect', [live.effect(['orders'], () => ran++)]],
	['an effect on a pattern', [live.effect(['ord*'], () => ran++)]],
	['a derived value', [live.derived(['orders'], () => 1)]],
	['an aggregate of three fields', [live.aggregate('orders', fields, { topic: 'sales' })]],
	['an aggregate, debounced', [live.aggregate('orders', fields, { topic: 'sales', debounce: 1_000 })]],
	['a sliding window of 60 slides', [live.aggregate('orders', fields, { topic: 'sales', windows: { hour: sliding } })]]
];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (const [name, definitions] of cases) {
	const server = await createTestServer({ transport: 'memory' });
	const runtime = new Runtime({ platform: server.platform, features: standard });
	for (const [i, definition] of definitions.entries()) runtime.install(`m/d${i}`, definition);
	await turn();
	let least = Infinity;
	for (let round = 0; round < ROUNDS; round++) {
		const start = performance.now();
		for (let done = 0; done < OPERATIONS; done += 100) {
			for (let i = 0; i < 100; i++) server.platform.publish('orders', 'created', ORDER);
			await turn();
		}
		least = Math.min(least, ((performance.now() - start) * 1e6) / OPERATIONS);
	}
	console.log(`${name.padEnd(36)} ${least.toFixed(0).padStart(7)} ns`);
	runtime[Symbol.dispose]();
	await server.close();
}
