import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelope, eventOf, keyedMerges, unordered, type KeyedMerge } from '../../../test/client/histories.ts';
import type { StreamEvent } from './merge.ts';
import { emptyState, withChange, withData, withEvents, withLoad, withOutcome, withSnapshot, type StreamState } from './state.ts';

const load = (state: StreamState, data: unknown, extra = {}, events: readonly StreamEvent[] = []): StreamState =>
	withSnapshot(withLoad(state), { data, ...extra }, events.map(envelope));
const after = (merge: KeyedMerge, initial: unknown, events: readonly StreamEvent[]): unknown =>
	withEvents(withData(emptyState({ merge }), initial), events).value;
const initialOf = (merge: KeyedMerge): unknown => (merge === 'set' ? 0 : []);

describe('law 3: snapshot at p and the events after p give, for all cuts, the value of a client that never left', () => {
	/** Cuts a history into visits: joined at `from`, snapshot taken at `at`, answered at `answered`, lost at `to`. */
	const visits = (length: number) =>
		fc
			.array(fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: length }))), { maxLength: 3 })
			.map((cuts) => [...cuts.flat(), length].sort((a, b) => a - b))
			.map((points) => {
				const last = points.slice(-3);
				return { earlier: points.slice(0, -3), last: [...Array<number>(3 - last.length).fill(length), ...last] };
			});

	const history = keyedMerges.chain((merge) =>
		fc
			.array(eventOf(merge), { maxLength: 24 })
			.chain((events) => fc.record({ merge: fc.constant(merge), events: fc.constant(events), cuts: visits(events.length) }))
	);

	it('whatever was cut where', () => {
		fc.assert(
			fc.property(history, fc.boolean(), ({ merge, events, cuts }, exact) => {
				const valueAt = (position: number): unknown => after(merge, initialOf(merge), events.slice(0, position));
				let state = emptyState({ merge });
				const visit = (from: number, at: number, answered: number, to: number): void => {
					const taken = exact ? from : at;
					state = load(state, valueAt(taken), {}, events.slice(from, answered));
					state = withEvents(state, events.slice(answered, to));
				};
				for (let i = 0; i + 4 <= cuts.earlier.length; i += 4)
					visit(...(cuts.earlier.slice(i, i + 4) as [number, number, number, number]));
				const [from, at, answered] = cuts.last as [number, number, number];
				visit(from, at, answered, events.length);
				const truth = valueAt(events.length);
				if (exact) expect(state.value).toEqual(truth);
				else expect(unordered(state.value)).toEqual(unordered(truth));
			}),
			{ numRuns: 500 }
		);
	});

	it('also for merges that cannot take an event twice, where the answer says its position', () => {
		const message = (seq: number) => ({ topic: 'chat', event: 'said', data: seq, position: { epoch: 'e', seq } });
		const state = withSnapshot(emptyState({ merge: 'latest' }), { data: [1, 2], position: { epoch: 'e', seq: 2 } }, [
			message(1),
			message(2),
			message(3)
		]);
		expect(state.value).toEqual([1, 2, 3]);
		const other = withSnapshot(emptyState({ merge: 'latest' }), { data: [], position: { epoch: 'other', seq: 9 } }, [message(1)]);
		expect(other.value).toEqual([1]);
	});
});

it('starts without a value, and shows the first answer', () => {
	expect(emptyState({}).value).toBeUndefined();
	expect(load(emptyState({}), [{ id: 1 }]).value).toEqual([{ id: 1 }]);
});

it('lets the answer overrule the options that were compiled in, before it takes the data', () => {
	let state = load(emptyState({ key: 'id' }), [{ no: 1, t: 'a' }], { key: 'no', prepend: true, max: 2 });
	state = withEvents(state, [
		{ event: 'created', data: { no: 2 } },
		{ event: 'created', data: { no: 3 } }
	]);
	expect(state.value).toEqual([{ no: 3 }, { no: 2 }]);
	expect(withEvents(load(emptyState({ merge: 'crud' }), 1, { merge: 'set' }), [{ event: 'x', data: 2 }]).value).toBe(2);
});

it('keeps the data it has when no loader stands behind the answer', () => {
	expect(load(withData(emptyState({}), [{ id: 1 }]), [], { channel: true }).value).toEqual([{ id: 1 }]);
	expect(load(emptyState({}), [], { channel: true }).value).toEqual([]);
});

it('shows nothing behind a closed gate', () => {
	expect(load(withData(emptyState({}), [{ id: 1 }]), null, { gated: true }).value).toBeUndefined();
});

it('gives the same state back when nothing changed', () => {
	const state = load(emptyState({}), [{ id: 1 }]);
	expect(withEvents(state, [{ event: 'deleted', data: { id: 9 } }])).toBe(state);
	expect(withOutcome(state, 99, true)).toBe(state);
	expect(withLoad(state)).toBe(state);
});

describe('law 5: overlay plus confirmations equals confirmations alone once all are settled', () => {
	type Step = { readonly made: number } | { readonly told: number } | { readonly ended: number } | StreamEvent;
	const merges = fc.constantFrom<KeyedMerge>('crud', 'presence', 'cursor', 'set');

	/** Changes of this page and events of others; each change may fail, and its event comes before its end, as law 2 has it. */
	const scenario = merges.chain((merge) =>
		fc.record({
			merge: fc.constant(merge),
			changes: fc.array(
				fc.record({ change: eventOf(merge), succeeds: fc.boolean(), as: fc.constantFrom('event', 'function', 'optimistic') }),
				{ maxLength: 6 }
			),
			others: fc.array(eventOf(merge), { maxLength: 8 }),
			order: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 })
		})
	);

	const run = ({ merge, changes, others, order }: typeof scenario extends fc.Arbitrary<infer S> ? S : never, late: boolean) => {
		const rank = [...order];
		const steps: { readonly at: number; readonly step: Step }[] = others.map((step) => ({ at: rank.pop() ?? 0, step }));
		changes.forEach(({ succeeds }, i) => {
			const [made, second, third] = [rank.pop() ?? 0, rank.pop() ?? 0, rank.pop() ?? 0].sort((a, b) => a - b) as [
				number,
				number,
				number
			];
			steps.push({ at: made, step: { made: i } }, { at: late ? second : third, step: { ended: i } });
			if (succeeds) steps.push({ at: late ? third : second, step: { told: i } });
		});
		steps.sort((a, b) => a.at - b.at);

		let state = load(emptyState({ merge }), initialOf(merge));
		let truth = state;
		for (const { step } of steps) {
			if ('made' in step) {
				const { change, as } = changes[step.made]!;
				const draft = (value: unknown): unknown => after(merge, value, [change]);
				// A function is known by the rows it touched, so it has to touch one.
				const touches = ['created', 'join', 'update', 'set', 'changed'].includes(change.event);
				state = withChange(state, step.made, as === 'function' && touches ? draft : change, as !== 'optimistic');
			} else if ('told' in step) {
				const { change } = changes[step.told]!;
				state = withEvents(state, [change]);
				truth = withEvents(truth, [change]);
			} else if ('ended' in step) {
				const { succeeds, as } = changes[step.ended]!;
				if (as !== 'optimistic' || !succeeds) state = withOutcome(state, step.ended, succeeds);
			} else {
				state = withEvents(state, [step]);
				truth = withEvents(truth, [step]);
			}
		}
		return { state, truth };
	};

	it('when each event comes before its reply', () => {
		fc.assert(
			fc.property(scenario, (given) => {
				// Whole-value events have no row to be known by; those of a function are not told apart from others.
				fc.pre(given.changes.every(({ change }) => !['refreshed', 'set'].includes(change.event) || given.merge === 'set'));
				const { state, truth } = run(given, false);
				expect(state.base).toEqual(truth.base);
				expect(state.pendings).toEqual([]);
				expect(state.value).toEqual(truth.value);
			}),
			{ numRuns: 500 }
		);
	});

	it('and when it comes after, but for the order of rows', () => {
		fc.assert(
			fc.property(scenario, (given) => {
				fc.pre(
					given.changes.every(({ change, as }) => as === 'event' && !['refreshed', 'set'].includes(change.event)) &&
						given.merge !== 'set'
				);
				const { state, truth } = run(given, true);
				expect(unordered(state.value)).toEqual(unordered(truth.value));
			}),
			{ numRuns: 500 }
		);
	});
});
