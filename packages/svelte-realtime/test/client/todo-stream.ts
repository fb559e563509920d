import type { StreamStatus } from '../../src/client/stream/store.ts';
import { Stream } from '../../src/client/stream/stream.ts';
import type { Settings } from '../../src/client/live-client.ts';
import { scripted, turn } from './scripted-client.ts';

export type Row = { id: number; n?: string };
export const PATH = 'todos/list';
export const created = (id: number, topic = 'todos') => ({ topic, event: 'created', data: { id } });

/** A stream of rows on a page of its own, with everything that was seen of it. */
export async function setUp(settings: Partial<Settings> = {}) {
	const parts = scripted(settings);
	const stream = new Stream<Row[]>(parts.host, PATH, [], {});
	const values: unknown[] = [];
	const statuses: StreamStatus[] = [];
	stream.status.subscribe((status) => statuses.push(status));
	const watch = (): (() => void) => stream.subscribe((value) => values.push(value));
	const lastId = (): string => parts.client.requests(PATH).at(-1)!['id'] as string;
	const answer = (data: unknown, extra = {}): void =>
		parts.client.reply(lastId(), { data, topic: 'todos', merge: 'crud', key: 'id', ...extra });
	const requests = (): number => parts.client.requests(PATH).length;
	return { ...parts, stream, values, statuses, watch, lastId, answer, requests };
}
/** As `setUp`, with the stream connected and one row. */
export async function connected(settings: Partial<Settings> = {}) {
	const parts = await setUp(settings);
	parts.client.open();
	const unsubscribe = parts.watch();
	await turn();
	parts.answer([{ id: 1 }]);
	return { ...parts, unsubscribe };
}
