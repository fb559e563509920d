import type { Readable } from '../../contract/client.ts';
import { openPage } from '../page.ts';
import { createPeopleStore } from './people.ts';

/** Where somebody points, and who it is. */
export interface CursorPosition<Position = unknown, User = unknown> {
	readonly user: User;
	readonly data: Position;
}

/** How long a cursor is believed to be there. */
export interface CursorStoreOptions {
	/** Milliseconds after which a cursor that did not move goes. Default: never. */
	readonly maxAge?: number;
}

/** The cursors of a topic, by key. */
export type CursorStore<Position, User> = Readable<ReadonlyMap<string, CursorPosition<Position, User>>> & {
	/** Moves the cursor of this page. Nothing is sent while not connected; false then. */
	move(data: Position): boolean;
};

/**
 * Where everybody on a topic points, this page included, as the server's `createCursor` tells.
 *
 * @example
 * const cursors = cursor<{ x: number; y: number }>('board');
 * onpointermove = ({ clientX: x, clientY: y }) => cursors.move({ x, y });
 */
export function cursor<Position = unknown, User = unknown>(
	topic: string,
	{ maxAge }: CursorStoreOptions = {}
): CursorStore<Position, User> {
	type Value = CursorPosition<Position, User>;
	const store = createPeopleStore<Value, ReadonlyMap<string, Value>>({
		maxAge,
		initial: new Map(),
		show: (people) => new Map(people),
		session: (people) => {
			const put = (entry: unknown): void => {
				const { key, user, data } = (entry ?? {}) as { key?: unknown } & Value;
				if (typeof key === 'string') people.put(key, { user, data });
			};
			return {
				topic: `__cursor:${topic}`,
				joins: true,
				ask: () => ({ type: 'cursor-snapshot', topic }),
				hear({ event, data }) {
					if (event === 'update') put(data);
					else if (event === 'remove') people.drop(String((data as { key?: unknown } | null)?.key));
					else if ((event === 'snapshot' || event === 'bulk') && Array.isArray(data)) {
						if (event === 'snapshot') people.clear();
						data.forEach(put);
					}
				}
			};
		}
	});
	return {
		subscribe: store.subscribe,
		move: (data) => openPage().sendNow(JSON.stringify({ type: 'cursor', topic, data }))
	};
}
