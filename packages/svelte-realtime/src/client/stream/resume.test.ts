import { expect, it } from 'vitest';
import { scripted, turn } from '../../../test/client/scripted-client.ts';
import { PATH, setUp } from '../../../test/client/todo-stream.ts';
import { Stream } from './stream.ts';

const at = (seq: number, id: number, epoch = 'e', event = 'created') => ({
	topic: 'todos',
	event,
	data: { id },
	position: { epoch, seq }
});

/** A stream whose events the server keeps, at number 3. */
async function kept(extra: object = {}, settings: object = {}) {
	const parts = await setUp(settings);
	parts.client.open();
	parts.watch();
	await turn();
	parts.answer([{ id: 1 }], { seq: 3, ep: 'e', ...extra });
	const back = async (): Promise<Record<string, unknown>> => {
		parts.client.drop();
		parts.client.open();
		parts.clock.advance(100);
		await turn();
		return parts.client.requests(PATH).at(-1)!;
	};
	return { ...parts, back, ids: () => (parts.values.at(-1) as { id: number }[]).map(({ id }) => id) };
}

it('says which trace a subscribe request, a page and a resume belong to', async () => {
	let traced = 0;
	const { client, back, answer, stream } = await kept({ hasMore: true, cursor: 'c' }, { traceparent: () => `t${traced++}` });
	expect(client.requests(PATH)[0]).toMatchObject({ stream: true, traceparent: 't0' });
	void stream.loadMore();
	expect(client.requests(PATH).at(-1)).toMatchObject({ cursor: 'c', traceparent: 't1' });
	answer([], {});
	expect(await back()).toMatchObject({ seq: 3, traceparent: 't2' });
});

it('names its last event when it comes back, and takes what it missed', async () => {
	const { client, back, answer, ids, statuses } = await kept();
	client.frame(at(4, 4), at(5, 5));
	expect(await back()).toMatchObject({ seq: 5, ep: 'e' });
	client.frame(at(7, 7));
	answer([{ seq: 6, topic: 'todos', event: 'created', data: { id: 6 } }], { replay: true, seq: 6, ep: 'e' });
	expect(ids()).toEqual([1, 4, 5, 6, 7]);
	expect(statuses.at(-1)).toBe('connected');
	expect(await back()).toMatchObject({ seq: 7 });
	answer([{ id: 9 }], { seq: 8, ep: 'f' });
	expect(ids()).toEqual([9]);
	expect(await back()).toMatchObject({ seq: 8, ep: 'f' });
});

it('takes no event twice', async () => {
	const { client, ids } = await kept();
	client.frame(at(4, 4));
	client.frame(at(4, 99), at(3, 98), at(5, 5));
	expect(ids()).toEqual([1, 4, 5]);
});

it('takes what comes while it asks once, whether the answer holds it or not', async () => {
	const { client, stream, answer, ids } = await kept({ merge: 'latest' });
	const again = async (): Promise<unknown> => {
		stream.retry();
		await turn();
		return client.requests(PATH).at(-1)!;
	};
	expect(await again()).toMatchObject({ seq: 3 });
	client.frame(at(4, 4));
	client.frame(at(5, 5));
	expect(ids()).toEqual([1, 4, 5]);
	answer([{ seq: 4, topic: 'todos', event: 'created', data: { id: 4 } }], { merge: 'latest', replay: true, seq: 4, ep: 'e' });
	expect(ids()).toEqual([1, 4, 5]);
	expect(await again()).toMatchObject({ seq: 5 });
	client.frame(at(6, 6));
	answer([], { merge: 'latest', unchanged: true });
	expect(ids()).toEqual([1, 4, 5, 6]);
	expect(await again()).toMatchObject({ seq: 6 });
});

it('keeps what has come and is not painted yet when the answer of a load goes on from it', async () => {
	const { client, host } = scripted({}, () => {});
	const stream = new Stream<{ id: number }[]>(host, PATH, [], {});
	let value: unknown;
	stream.subscribe((next) => void (value = next));
	client.open();
	await turn();
	const answer = (data: unknown, extra: object): void =>
		client.reply(client.sent.at(-1)!['id'], { data, topic: 'todos', merge: 'latest', ep: 'e', ...extra });
	answer([{ id: 3 }], { seq: 3 });
	client.frame(at(4, 4));
	stream.retry();
	await turn();
	client.frame(at(5, 5));
	answer([], { replay: true, seq: 4 });
	expect(value).toEqual([{ id: 3 }, { id: 4 }, { id: 5 }]);
});

it('asks for what lies in a gap, and shows nothing of what came after it before', async () => {
	const { client, answer, ids, requests, statuses } = await kept();
	client.frame(at(6, 6));
	client.frame(at(7, 7));
	await turn();
	expect(requests()).toBe(2);
	expect(client.requests(PATH).at(-1)).toMatchObject({ seq: 3, ep: 'e' });
	expect(ids()).toEqual([1]);
	const missed = [4, 5, 6].map((seq) => ({ seq, topic: 'todos', event: 'created', data: { id: seq } }));
	answer(missed, { replay: true, seq: 6, ep: 'e' });
	expect(ids()).toEqual([1, 4, 5, 6, 7]);
	expect(statuses.at(-1)).toBe('connected');
	client.frame(at(8, 8));
	expect([ids().length, requests()]).toEqual([6, 2]);
});

it('takes a jump for none where events are left out on purpose', async () => {
	const { client, ids, requests } = await kept({ sparse: true });
	client.frame(at(9, 9));
	expect([ids(), requests()]).toEqual([[1, 9], 1]);
});

it('loads anew after an event that the store did not number', async () => {
	const { client, ids, back } = await kept();
	client.frame(at(1, 8, 'node'));
	expect(ids()).toEqual([1, 8]);
	expect(await back()).toMatchObject({ seq: 1, ep: 'node' });
});

it('does not count the events of streams that the server does not keep', async () => {
	const { client, requests, ids } = await kept({ seq: undefined, ep: undefined });
	client.frame(at(5, 5), at(9, 9), at(2, 2));
	expect([ids(), requests()]).toEqual([[1, 5, 9, 2], 1]);
});

it('takes rows that have changed', async () => {
	const { back, answer, values } = await kept({ version: 'v1', seq: undefined, ep: undefined });
	expect(await back()).toMatchObject({ version: 'v1' });
	answer([{ id: 1, n: 'new' }, { id: 2 }, { id: 3, _deleted: true }], { delta: true, version: 'v2' });
	expect(values.at(-1)).toEqual([{ id: 1, n: 'new' }, { id: 2 }]);
	expect(await back()).toMatchObject({ version: 'v2' });
	answer([{ id: 2, _deleted: true }], { delta: true, version: 'v3' });
	expect(values.at(-1)).toEqual([{ id: 1, n: 'new' }]);
});

it('keeps a list in the order and to the length that the server says', async () => {
	const { client, ids } = await kept({ sort: { field: 'id', direction: 'desc' }, limit: 2 });
	client.frame(at(4, 4), at(5, 0), at(6, 7));
	expect(ids()).toEqual([7, 4]);
	client.frame(at(7, 7, 'e', 'deleted'));
	expect(ids()).toEqual([4, 1]);
});

it('forgets where it stood with its value', async () => {
	const { client, clock, stream } = await setUp();
	client.open();
	const stop = stream.subscribe(() => {});
	await turn();
	client.reply(client.sent[0]!['id'], { data: [], topic: 'todos', seq: 3, ep: 'e' });
	stop();
	await turn();
	stream.subscribe(() => {})();
	const again = stream.subscribe(() => {});
	await turn();
	expect(client.requests(PATH).at(-1)).toMatchObject({ seq: 3 });
	again();
	await turn();
	clock.advance(60_000);
	stream.subscribe(() => {});
	await turn();
	expect(client.requests(PATH).at(-1)).not.toHaveProperty('seq');
});
