import { expect, it } from 'vitest';
import { manualClock } from '../../host/clock.ts';
import { createRandomId } from '../../host/random-id.ts';
import { MemoryReplayStore } from './memory-store.ts';

it('forgets the topic that was used longest ago when there is one too many', async () => {
	const store = new MemoryReplayStore(manualClock(), createRandomId(), { maxTopics: 2 });
	const a = await store.append('a', 'e', 1);
	const b = await store.append('b', 'e', 1);
	await store.since('a', a.position);
	await store.append('c', 'e', 1);
	expect(await store.since('a', a.position)).toEqual([]);
	expect(await store.since('b', b.position)).toBeUndefined();
	const again = await store.append('b', 'e', 2);
	expect(again.position.seq).toBe(1);
	expect(again.position.epoch).not.toBe(b.position.epoch);
});

it('holds no more text than it may, and keeps at least the last event', async () => {
	const store = new MemoryReplayStore(manualClock(), createRandomId(), { maxLength: 1_000 });
	const small = await store.append('small', 'e', 'x'.repeat(100));
	const first = await store.append('big', 'e', 'x'.repeat(600));
	const second = await store.append('big', 'e', 'x'.repeat(600));
	expect(await store.since('small', small.position)).toBeUndefined();
	expect(await store.since('big', first.position)).toEqual([second]);
	const huge = await store.append('big', 'e', 'x'.repeat(5_000));
	expect(await store.since('big', second.position)).toEqual([huge]);
});

it('lets go of what is too old in topics that nobody uses any more', async () => {
	const clock = manualClock();
	const store = new MemoryReplayStore(clock, createRandomId(), { ttlMs: 1_000, maxLength: 1_000 });
	const idle = await store.append('idle', 'e', 'x'.repeat(900));
	clock.advance(1_000);
	for (let n = 0; n < 3; n++) await store.append('busy', 'e', n);
	const kept = await store.append('busy', 'e', 'x'.repeat(900));
	expect(await store.since('idle', idle.position)).toEqual([]);
	expect(await store.since('busy', { ...kept.position, seq: 0 })).toHaveLength(4);
});

it('keeps what is not too old, to the millisecond', async () => {
	const clock = manualClock();
	const store = new MemoryReplayStore(clock, createRandomId(), { ttlMs: 1_000 });
	const first = await store.append('t', 'e', 1);
	clock.advance(600);
	const second = await store.append('t', 'e', 2);
	clock.advance(399);
	expect(await store.since('t', { ...first.position, seq: 0 })).toEqual([first, second]);
	clock.advance(1);
	expect(await store.since('t', { ...first.position, seq: 0 })).toBeUndefined();
	expect(await store.since('t', first.position)).toEqual([second]);
	clock.advance(600);
	expect(await store.since('t', first.position)).toBeUndefined();
	expect(await store.since('t', second.position)).toEqual([]);
	expect((await store.append('t', 'e', 3)).position).toEqual({ ...first.position, seq: 3 });
});
