import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { TestClock } from '../../test/support/clock.ts';
import { memoryTelemetry } from '../../test/support/log.ts';
import type { Position } from '../contract/envelope.ts';
import { MemoryReplayStore } from '../service/replay/memory-store.ts';
import { LIMITS } from './limits.ts';
import { Order } from './order.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One node that hears the topic `t`, over a store that others write to as well. */
function start(size = 50) {
	const clock = new TestClock();
	const store = new MemoryReplayStore(clock, () => 'base', { size });
	const telemetry = memoryTelemetry();
	const state = { isHeard: true, failures: [] as unknown[] };
	const shown: (number | string)[] = [];
	const order = new Order({
		store,
		keeps: (topic) => topic === 't',
		isHeard: () => state.isHeard,
		found: ({ position }) => void shown.push(position.seq),
		lost: () => void shown.push('lost'),
		clock,
		limit: async (work) => work,
		report: (_where, error) => void state.failures.push(error),
		telemetry
	});
	const append = async (): Promise<Position> => (await store.append('t', 'e', null)).position;
	const pass = (position: Position, name: number | string = position.seq): void =>
		order.pass('t', { position, show: () => void shown.push(name), tell: () => void shown.push(`told ${name}`) });
	return { order, store, clock, telemetry, shown, state, append, pass };
}

it('shows what overtook once what was overtaken has come', async () => {
	const { order, append, pass, shown, clock } = start();
	await order.enter('t');
	const [one, two, three] = [await append(), await append(), await append()];
	pass(three);
	pass(one);
	expect(shown).toEqual([1]);
	pass(two);
	expect(shown).toEqual([1, 2, 3]);
	expect(order.position('t')).toEqual(three);
	expect(clock.pending).toBe(0);
});

it('reads from the store what does not come, once for each gap, and shows it once', async () => {
	const { order, store, append, pass, shown, clock, telemetry } = start();
	await order.enter('t');
	const since = vi.spyOn(store, 'since');
	const all = [await append(), await append(), await append(), await append()];
	pass(all[1]!, 'came 2');
	pass(all[3]!, 'came 4');
	expect(shown).toEqual([]);
	clock.pass(LIMITS.gapMs);
	// What comes while the store is asked waits for its answer.
	pass(all[0]!, 'came 1');
	await settled();
	expect(shown).toEqual([1, 'came 2', 3, 'came 4']);
	pass(all[2]!, 'came 3');
	expect(shown).toHaveLength(4);
	expect(since).toHaveBeenCalledTimes(1);
	expect(telemetry.events.map(({ name }) => name)).toEqual(['order.filled']);
});

it('says that something is lost before it goes on where neither the node nor the store has it', async () => {
	const { order, store, append, pass, shown, clock, state } = start(2);
	await order.enter('t');
	for (let i = 0; i < 4; i++) await append();
	const last = await append();
	pass(last);
	clock.pass(LIMITS.gapMs);
	await settled();
	expect(shown).toEqual(['lost', 5]);
	vi.spyOn(store, 'since').mockRejectedValueOnce(new Error('store'));
	await append();
	pass(await append());
	clock.pass(LIMITS.gapMs);
	await settled();
	expect(shown).toEqual(['lost', 5, 'lost', 7]);
	expect(state.failures).toEqual([new Error('store')]);
});

it('tells who heard it before of events from before the first client', async () => {
	const { order, append, pass, shown } = start();
	const [one, two] = [await append(), await append()];
	const entered = order.enter('t');
	expect(order.enter('t')).toBe(entered);
	await entered;
	expect(order.enter('t')).toBeUndefined();
	pass(two);
	pass(one);
	pass(await append());
	expect(shown).toEqual(['told 2', 'told 1', 3]);
});

it('holds what comes before it knows where the topic stands', async () => {
	const { append, pass, shown, order } = start();
	await append();
	const two = await append();
	pass(two);
	const three = await append();
	pass(three);
	expect(shown).toEqual([]);
	await settled();
	expect(shown).toEqual([2, 3]);
	expect(order.position('t')).toEqual(three);
});

it('goes on with what comes first when the store cannot say where the topic stands', async () => {
	const { order, store, append, pass, shown, state } = start();
	vi.spyOn(store, 'current').mockRejectedValue(new Error('store'));
	await order.enter('t');
	expect(order.position('t')).toBeUndefined();
	await append();
	pass(await append());
	await settled();
	pass(await append());
	expect(shown).toEqual([2, 3]);
	expect(state.failures).toEqual([new Error('store'), new Error('store')]);
});

it('begins anew with a topic that was forgotten, and lets late events of before pass', async () => {
	const { order, store, append, pass, shown, clock } = start();
	await order.enter('t');
	const [one, two, three] = [await append(), await append(), await append()];
	pass(one);
	pass(three, 'old 3');
	await store.forget('t');
	const [first, second] = [await append(), await append()];
	pass(second, 'new 2');
	await settled();
	expect(shown).toEqual([1, 'old 3']);
	pass(two, 'old 2');
	pass(first, 'new 1');
	await settled();
	expect(shown).toEqual([1, 'old 3', 'old 2', 'new 1', 'new 2']);
	expect(order.position('t')).toEqual(second);
	expect(clock.pending).toBe(0);
});

it('reads what a client has seen already, before it comes', async () => {
	const { order, append, pass, shown } = start();
	await order.enter('t');
	const [, two] = [await append(), await append()];
	await order.reach('t', two);
	expect(shown).toEqual([1, 2]);
	pass(two, 'again');
	expect(shown).toEqual([1, 2]);
});

it('finds at a check what never came, also of a topic that has begun anew', async () => {
	const { order, store, append, shown, state } = start();
	await order.enter('t');
	await append();
	await order.check();
	expect(shown).toEqual([1]);
	await store.forget('t');
	await order.check();
	expect(shown).toEqual([1]);
	const { epoch } = await append();
	await append();
	await order.check();
	expect(shown).toEqual([1, 1, 2]);
	expect(order.position('t')).toEqual({ epoch, seq: 2 });
	state.isHeard = false;
	await append();
	await order.check();
	expect(shown).toEqual([1, 1, 2]);
});

it('lets everything pass as it comes once an event was for this node alone', async () => {
	const { order, append, pass, shown, clock } = start();
	await order.enter('t');
	const [one, two, three] = [await append(), await append(), await append()];
	pass(three);
	order.skip('t', () => void shown.push('own'));
	pass(two);
	pass(one);
	expect(shown).toEqual([3, 'own', 2, 1]);
	expect(order.position('t')).toBeUndefined();
	expect(clock.pending).toBe(0);
});

it('holds no more than a number of events of a topic', async () => {
	const { order, append, pass, shown, clock, telemetry } = start();
	await order.enter('t');
	const { epoch } = await append();
	for (let seq = 2; seq <= LIMITS.outOfOrder + 2; seq++) pass({ epoch, seq });
	expect(shown).toHaveLength(LIMITS.outOfOrder + 2);
	expect(shown.slice(0, 3)).toEqual(['lost', 2, 3]);
	expect(clock.pending).toBe(0);
	expect(telemetry.events.map(({ name }) => name)).toEqual(['limit.outOfOrder']);
});

it('asks nobody about a topic that nobody hears, and forgets it', async () => {
	const { order, store, append, pass, shown, state, clock } = start();
	const asked = [vi.spyOn(store, 'current'), vi.spyOn(store, 'since')];
	state.isHeard = false;
	pass(await append());
	expect(shown).toEqual([1]);
	state.isHeard = true;
	await order.enter('t');
	state.isHeard = false;
	await append();
	pass(await append());
	clock.pass(LIMITS.gapMs);
	expect(shown).toEqual([1, 3]);
	expect(asked.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
	order[Symbol.dispose]();
	expect(order.position('t')).toBeUndefined();
});

it('shows every event once and in order, whatever comes twice, late, in any order or not at all', async () => {
	const arrivals = fc.integer({ min: 1, max: 12 }).chain((count) =>
		fc.tuple(
			fc.constant(count),
			fc.array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: count }) }, fc.constant('pause' as const)), {
				maxLength: 30
			}),
			fc.integer({ min: 0, max: count })
		)
	);
	await fc.assert(
		fc.asyncProperty(arrivals, async ([count, steps, before]) => {
			const { order, append, pass, shown, clock } = start();
			const positions: Position[] = [];
			for (let i = 0; i < before; i++) positions.push(await append());
			await order.enter('t');
			while (positions.length < count) positions.push(await append());
			for (const step of steps) {
				if (step !== 'pause') pass(positions[step - 1]!);
				else {
					clock.pass(LIMITS.gapMs);
					await settled();
				}
			}
			pass(positions[count - 1]!);
			clock.pass(LIMITS.gapMs);
			await settled();
			const after = shown.filter((name) => typeof name === 'number');
			expect(after).toEqual(positions.slice(before).map(({ seq }) => seq));
			expect(clock.pending).toBe(0);
		}),
		{ numRuns: 300 }
	);
});

/** Makes a store answer only when it is told to, in any order. */
function slow(store: MemoryReplayStore) {
	const held: (() => void)[] = [];
	const hold = <Args extends unknown[], T>(ask: (...args: Args) => Promise<T>): ((...args: Args) => Promise<T>) => {
		return async (...args) => {
			const found = await ask(...args);
			await new Promise<void>((resolve) => held.push(resolve));
			return found;
		};
	};
	store.since = hold(store.since.bind(store));
	store.current = hold(store.current.bind(store));
	return {
		answer: (n: number): void => held.splice(n % Math.max(1, held.length), 1)[0]?.(),
		/** Answers everything, and what is asked in consequence. */
		async all(): Promise<void> {
			await settled();
			while (held.length > 0) {
				held.shift()!();
				await settled();
			}
		}
	};
}

it('asks one question after the other about a topic, though several want to know', async () => {
	const { order, store, append, pass, shown, telemetry } = start();
	await order.enter('t');
	const answers = slow(store);
	const [, two, three] = [await append(), await append(), await append()];
	const reached = [order.reach('t', two), order.reach('t', two)];
	await settled();
	answers.answer(0);
	await settled();
	expect(shown).toEqual([1, 2, 3]);
	const five = (await append(), await append());
	pass(five);
	await Promise.all([...reached, answers.all()]);
	pass({ ...five, seq: 4 });
	expect(shown).toEqual([1, 2, 3, 4, 5]);
	expect(telemetry.events.map(({ name }) => name)).toEqual(['order.filled']);
	expect(three.seq).toBe(3);
});

it('shows every event once and in order, however slowly the store answers those who ask it at the same time', async () => {
	const step = fc.oneof(
		{ weight: 4, arbitrary: fc.record({ do: fc.constantFrom('pass' as const, 'append' as const), n: fc.nat(3) }) },
		{ weight: 4, arbitrary: fc.record({ do: fc.constantFrom('reach' as const, 'answer' as const), n: fc.nat(3) }) },
		fc.record({ do: fc.constantFrom('check' as const, 'gap' as const), n: fc.constant(0) })
	);
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
			const { order, store, append, pass, shown, clock } = start();
			await order.enter('t');
			const answers = slow(store);
			const positions: Position[] = [];
			const waits: Promise<void>[] = [];
			for (const { do: what, n } of steps) {
				const position = positions.at(-1 - (n % Math.max(1, positions.length)));
				if (what === 'append') positions.push(await append());
				else if (what === 'gap') clock.pass(LIMITS.gapMs);
				else if (what === 'answer') answers.answer(n);
				else if (what === 'check') waits.push(order.check());
				else if (position && what === 'pass') pass(position);
				else if (position) waits.push(order.reach('t', position), order.reach('t', position));
				await settled();
			}
			await answers.all();
			positions.push(await append());
			pass(positions.at(-1)!);
			clock.pass(LIMITS.gapMs);
			await answers.all();
			await Promise.all(waits);
			expect(shown).toEqual(positions.map(({ seq }) => seq));
			expect(clock.pending).toBe(0);
		}),
		{ numRuns: 300 }
	);
});

it('takes no answer about what a topic was for news of what it is', async () => {
	const { order, store, append, pass, shown } = start();
	await order.enter('t');
	await append();
	const answers = slow(store);
	const checked = order.check();
	await settled();
	await store.forget('t');
	const first = await append();
	pass(first, 'new 1');
	await answers.all();
	await checked;
	const second = await append();
	pass(second, 'new 2');
	await answers.all();
	expect(shown.filter((name) => String(name).startsWith('new'))).toEqual(['new 1', 'new 2']);
	expect(order.position('t')).toEqual(second);
});
