import { expect, it } from 'vitest';
import { createRandomId } from '../../host/random-id.ts';
import { MemoryReplayStore } from './memory-store.ts';

it('forgets the topic that was used longest ago when there is one too many', async () => {
	const store = new MemoryReplayStore(createRandomId(), { maxTopics: 2 });
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
	const store = new MemoryReplayStore(createRandomId(), { maxLength: 1_000 });
	const small = await store.append('small', 'e', 'x'.repeat(100));
	const first = await store.append('big', 'e', 'x'.repeat(600));
	const second = await store.append('big', 'e', 'x'.repeat(600));
	expect(await store.since('small', small.position)).toBeUndefined();
	expect(await store.since('big', first.position)).toEqual([second]);
	const huge = await store.append('big', 'e', 'x'.repeat(5_000));
	expect(await store.since('big', second.position)).toEqual([huge]);
});
