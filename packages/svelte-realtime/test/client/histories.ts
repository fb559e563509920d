import fc from 'fast-check';
import type { Envelope } from 'svelte-adapter-uws/contract';
import type { MergeName } from 'svelte-adapter-uws/merge';
import type { StreamEvent } from '../../src/client/stream/merge.ts';

export const TOPIC = 'board';

export type KeyedMerge = Exclude<MergeName, 'latest'>;
export const keyedMerges: fc.Arbitrary<KeyedMerge> = fc.constantFrom('crud', 'set', 'presence', 'cursor');

const row = (field: 'id' | 'key') => fc.record({ [field]: fc.integer({ min: 1, max: 4 }), n: fc.integer({ min: 0, max: 99 }) });
const rows = (field: 'id' | 'key') =>
	fc.uniqueArray(row(field), { selector: (item) => (item as Record<string, number>)[field], maxLength: 3 });
const event = (names: readonly string[], data: fc.Arbitrary<unknown>): fc.Arbitrary<StreamEvent> =>
	fc.record({ event: fc.constantFrom(...names), data });

/** One event that a stream with this merge may get. */
export function eventOf(merge: KeyedMerge): fc.Arbitrary<StreamEvent> {
	switch (merge) {
		case 'crud':
			return fc.oneof(
				{ weight: 8, arbitrary: event(['created', 'updated', 'deleted'], row('id')) },
				{ weight: 1, arbitrary: event(['refreshed'], rows('id')) }
			);
		case 'presence':
			return fc.oneof(
				{ weight: 8, arbitrary: event(['join', 'leave'], row('key')) },
				{ weight: 1, arbitrary: event(['set'], rows('key')) }
			);
		case 'cursor':
			return fc.oneof(
				{ weight: 8, arbitrary: event(['update', 'remove'], row('key')) },
				{ weight: 1, arbitrary: event(['set'], rows('key')) }
			);
		case 'set':
			return event(['set', 'changed'], fc.integer());
	}
}

export const envelope = ({ event: name, data }: StreamEvent): Envelope => ({ topic: TOPIC, event: name, data });

/**
 * A value without the order of its rows. A snapshot that is younger than the subscription already contains some of the events
 * that follow it; each row ends up as it must, but one that was removed and added again in between stands at another place.
 */
export function unordered(value: unknown): unknown {
	return Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value;
}
