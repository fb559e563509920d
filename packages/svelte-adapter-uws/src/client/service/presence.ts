import type { Readable } from '../../contract/client.ts';
import { remember } from './remember.ts';
import { createPeopleStore, entriesOf } from './people.ts';

/** How long people are believed to be there. */
export interface PresenceStoreOptions {
	/**
	 * Milliseconds after which somebody of whom nothing was heard goes. The server must send its `heartbeat` twice as often. Default:
	 * never.
	 */
	readonly maxAge?: number;
}

/**
 * Who is in a topic: the data of each person that the server's `createPresence` shows. It does not put this page there; subscribing to
 * the topic does.
 *
 * @example const people = presence<{ id: string; name: string }>('room');
 */
export function presence<T = unknown>(topic: string, { maxAge }: PresenceStoreOptions = {}): Readable<readonly T[]> {
	return remember(`presence ${maxAge ?? ''} ${topic}`, () =>
		createPeopleStore<T, readonly T[]>({
			maxAge,
			initial: [],
			show: (people) => [...people.values()],
			session: (people) => ({
				topic: `__presence:${topic}`,
				joins: true,
				ask: () => ({ type: 'presence', topic }),
				hear({ event, data }, again) {
					if (event === 'presence_state') {
						people.clear();
						for (const [key, one] of entriesOf(data)) people.put(key, one as T);
					} else if (event === 'presence_diff') {
						const { joins, leaves } = (data ?? {}) as { readonly joins?: unknown; readonly leaves?: unknown };
						for (const [key] of entriesOf(leaves)) people.drop(key);
						for (const [key, one] of entriesOf(joins)) people.put(key, one as T);
					} else if (event === 'heartbeat' && Array.isArray(data)) {
						// Somebody who is here was missed, or taken for gone while the device slept.
						if (data.filter((key) => !people.touch(String(key))).length > 0) again();
					}
				}
			})
		})
	);
}
