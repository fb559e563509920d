import { expect, it } from 'vitest';
import { emit, usePage, watch } from '../../../test/support/page.ts';
import { onReplay } from './replay.ts';

usePage();

/** So many live events come before the server has said what was missed: one more than are held back. */
function flood(): { readonly seen: unknown[] } {
	const { seen } = watch(
		onReplay<number>('chat', { since: 0 }).scan<unknown[]>([], (all, { event, data }) => [...all, data ?? event])
	);
	for (let seq = 1; seq <= 1001; seq++) emit('chat', 'said', seq, seq);
	expect(seen).toEqual([[]]);
	return { seen };
}

it('says that something is gone when more comes than it holds back while it waits', () => {
	const { seen } = flood();
	emit('__replay:chat', 'end', null);
	expect((seen.at(-1) as unknown[]).slice(0, 2)).toEqual(['truncated', 2]);
	expect(seen.at(-1)).toHaveLength(1001);
});

it('says nothing of it when that was among what was missed', () => {
	const { seen } = flood();
	emit('__replay:chat', 'msg', { seq: 1, event: 'said', data: 1 });
	emit('__replay:chat', 'end', null);
	expect(seen.at(-1)).toEqual(Array.from({ length: 1001 }, (_, index) => index + 1));
});
