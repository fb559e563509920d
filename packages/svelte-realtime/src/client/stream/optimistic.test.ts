import { expect, it } from 'vitest';
import { emptyState, withChange, withEvents, withLoad, withOutcome, withSnapshot, type StreamState } from './state.ts';

type Row = { id: number; n?: string };
const loaded = (data: unknown, merge: 'crud' | 'latest' | 'set' = 'crud'): StreamState =>
	withSnapshot(emptyState({ merge }), { data }, []);
const answer = (state: StreamState, data: unknown): StreamState => withSnapshot(withLoad(state), { data }, []);

it('shows a change at once and takes it back when it fails', () => {
	const state = withChange(loaded([{ id: 1 }]), 0, { event: 'created', data: { id: 2 } }, true);
	expect(state.value).toEqual([{ id: 1 }, { id: 2 }]);
	expect(withOutcome(state, 0, false).value).toEqual([{ id: 1 }]);
});

it('keeps a change that succeeded when the server publishes nothing', () => {
	const state = withOutcome(withChange(loaded([{ id: 1 }]), 0, { event: 'updated', data: { id: 1, n: 'x' } }, true), 0, true);
	expect(state).toMatchObject({ base: [{ id: 1, n: 'x' }], pendings: [], value: [{ id: 1, n: 'x' }] });
});

it('leaves what the server made of it after it said the same', () => {
	let state = withChange(loaded([]), 0, { event: 'created', data: { id: 1, n: 'draft' } }, true);
	state = withEvents(state, [
		{ event: 'created', data: { id: 1, n: 'final' } },
		{ event: 'deleted', data: { id: 1 } }
	]);
	expect(withOutcome(state, 0, true).value).toEqual([]);
});

it('shows what was typed until it is settled, although others change the same row', () => {
	let state = withChange(loaded([{ id: 1, n: 'a' }]), 0, { event: 'updated', data: { id: 1, n: 'mine' } }, true);
	state = withEvents(state, [{ event: 'updated', data: { id: 1, n: 'theirs' } }]);
	expect(state.value).toEqual([{ id: 1, n: 'mine' }]);
	expect(withOutcome(state, 0, false).value).toEqual([{ id: 1, n: 'theirs' }]);
});

it('rolls concurrent changes back independently', () => {
	let state = withChange(loaded([]), 0, { event: 'created', data: { id: 1 } }, true);
	state = withChange(state, 1, { event: 'created', data: { id: 2 } }, true);
	state = withChange(state, 2, (draft: Row[]) => void draft.push({ id: 3 }), true);
	state = withOutcome(state, 1, false);
	expect(state.value).toEqual([{ id: 1 }, { id: 3 }]);
	state = withOutcome(withOutcome(state, 0, true), 2, false);
	expect(state.value).toEqual([{ id: 1 }]);
});

it('does not add a row twice when a function added it and the server publishes it', () => {
	let state = withChange(loaded([]), 0, (draft: Row[]) => void draft.push({ id: 1, n: 'draft' }), true);
	state = withEvents(state, [{ event: 'created', data: { id: 1, n: 'final' } }]);
	expect(state.value).toEqual([{ id: 1, n: 'final' }]);
	expect(withOutcome(state, 0, true).value).toEqual([{ id: 1, n: 'final' }]);
});

it('never changes the value that a function is given a copy of', () => {
	const base = [{ id: 1 }];
	const state = loaded(base);
	withChange(state, 0, (draft: Row[]) => void draft.splice(0, 1), true);
	expect(state.value).toEqual([{ id: 1 }]);
	expect(withChange(loaded({ a: 1 }, 'set'), 0, (draft: { a: number }) => void (draft.a = 2), true).value).toEqual({ a: 2 });
	expect(withChange(loaded(1, 'set'), 0, (draft: number) => draft + 1, true).value).toBe(2);
});

it('appends to a ring of the newest once, whether the server repeats the change or gives it the same id', () => {
	let state = withChange(loaded(['a'], 'latest'), 0, { event: 'said', data: 'b' }, true);
	expect(state.value).toEqual(['a', 'b']);
	state = withEvents(state, [{ event: 'said', data: 'b' }]);
	expect(state.value).toEqual(['a', 'b']);
	expect(withOutcome(state, 0, true).value).toEqual(['a', 'b']);
	let named = withChange(loaded([], 'latest'), 0, { event: 'said', data: { id: 5 } }, true);
	named = withEvents(named, [{ event: 'said', data: { id: 5, at: 1 } }]);
	expect(named.value).toEqual([{ id: 5, at: 1 }]);
});

it('starts from an empty list before the first data, and goes back to nothing', () => {
	const state = withChange(emptyState({}), 0, { event: 'created', data: { id: 1 } }, true);
	expect(state.value).toEqual([{ id: 1 }]);
	expect(withOutcome(state, 0, false).value).toBeUndefined();
});

it('takes an answer that arrives while changes are pending as the new base', () => {
	let state = withChange(emptyState({}), 0, { event: 'created', data: { id: 9 } }, true);
	state = answer(state, [{ id: 1 }, { id: 2 }]);
	expect(state.value).toEqual([{ id: 1 }, { id: 2 }, { id: 9 }]);
	expect(withOutcome(state, 0, false).value).toEqual([{ id: 1 }, { id: 2 }]);
	expect(withOutcome(state, 0, true).value).toEqual([{ id: 1 }, { id: 2 }, { id: 9 }]);
});

it('ends a change without an operation when the server says the same, so that its rollback does nothing any more', () => {
	let state = withChange(loaded([]), 0, { event: 'created', data: { id: 1 } }, false);
	state = withEvents(state, [{ event: 'created', data: { id: 1 } }]);
	expect(state.pendings).toEqual([]);
	expect(withOutcome(state, 0, false).value).toEqual([{ id: 1 }]);
});

it('lets an answer decide about changes without an operation that are older than its load, and spares newer ones', () => {
	let state = withChange(loaded([]), 0, { event: 'created', data: { id: 1 } }, false);
	state = withLoad(state);
	state = withChange(state, 1, { event: 'created', data: { id: 2 } }, false);
	state = withSnapshot(state, { data: [] }, []);
	expect(state.value).toEqual([{ id: 2 }]);
});

it('clears changes without an operation when the server reloaded the value', () => {
	const state = withChange(loaded([]), 0, { event: 'created', data: { id: 1 } }, false);
	expect(withEvents(state, [{ event: 'refreshed', data: [{ id: 2 }] }])).toMatchObject({ pendings: [], value: [{ id: 2 }] });
});

it('leaves a change out that no longer applies, without hurting the stream', () => {
	let state = withChange(
		loaded([{ id: 1, n: 'x' }]),
		0,
		(draft: Row[]) => void (draft[0]!.n!.length > 0 && draft.reverse()),
		true
	);
	state = withEvents(state, [{ event: 'deleted', data: { id: 1 } }]);
	expect(state.value).toEqual([]);
	expect(() =>
		withChange(
			state,
			1,
			() => {
				throw new Error('bad change');
			},
			true
		)
	).toThrow('bad change');
});
