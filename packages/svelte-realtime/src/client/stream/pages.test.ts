import { expect, it } from 'vitest';
import { turn } from '../../../test/client/scripted-client.ts';
import { created, PATH, setUp } from '../../../test/client/todo-stream.ts';
import { Stream } from './stream.ts';

/** A stream with its first page: rows 1 and 2, and the cursor 2. */
async function paged(extra: object = {}) {
	const parts = await setUp();
	parts.client.open();
	const unsubscribe = parts.watch();
	await turn();
	parts.answer([{ id: 1 }, { id: 2 }], { hasMore: true, cursor: 2, ...extra });
	const hasMore: boolean[] = [];
	parts.stream.hasMore.subscribe((more) => hasMore.push(more));
	return { ...parts, unsubscribe, hasMore, ids: () => (parts.values.at(-1) as { id: number }[]).map(({ id }) => id) };
}

it('asks for the next page with the cursor, and appends it without asking for the stream again', async () => {
	const { client, stream, answer, hasMore, ids } = await paged();
	const more = stream.loadMore('extra');
	expect(client.requests(PATH).at(-1)).toMatchObject({ args: ['extra'], stream: true, cursor: 2 });
	expect(await stream.loadMore()).toBe(false);
	answer([{ id: 3 }], { topic: undefined, hasMore: false, cursor: null });
	expect(await more).toBe(false);
	expect(ids()).toEqual([1, 2, 3]);
	expect(hasMore).toEqual([true, false]);
	expect(await stream.loadMore()).toBe(false);
	expect(client.requests(PATH)).toHaveLength(2);
	expect(client.releases).toEqual([]);
});

it.each([0, '', false])('takes the cursor %j for one', async (cursor) => {
	const { client, stream } = await paged({ cursor });
	void stream.loadMore();
	expect(client.requests(PATH).at(-1)).toMatchObject({ cursor });
});

it('has no next page without a cursor, and none before it has loaded', async () => {
	const { stream } = await paged({ cursor: null });
	expect(await stream.loadMore()).toBe(false);
	const { stream: other } = await setUp();
	expect(await other.loadMore()).toBe(false);
});

it('shows each row once, the newest of each, and what happened while the page was loaded on top', async () => {
	const { client, stream, answer, values } = await paged();
	const more = stream.loadMore();
	client.frame(
		created(9),
		{ topic: 'todos', event: 'updated', data: { id: 3, n: 'live' } },
		{ topic: 'todos', event: 'deleted', data: { id: 4 } }
	);
	answer([{ id: 2, n: 'page' }, { id: 3, n: 'page' }, { id: 4 }], { hasMore: true, cursor: 4 });
	expect(await more).toBe(true);
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2, n: 'page' }, { id: 9 }, { id: 3, n: 'live' }]);
});

it('puts pages in front where the stream does', async () => {
	const { stream, answer, ids } = await paged({ prepend: true });
	const more = stream.loadMore();
	answer([{ id: 3 }], { hasMore: false });
	await more;
	expect(ids()).toEqual([3, 1, 2]);
});

it('rejects with what the page failed of, and can be asked again', async () => {
	const { client, stream, lastId, answer, ids } = await paged();
	const more = stream.loadMore();
	client.reply(lastId(), { ok: false, code: 'FORBIDDEN' });
	await expect(more).rejects.toMatchObject({ code: 'FORBIDDEN' });
	const again = stream.loadMore();
	client.drop();
	await expect(again).rejects.toMatchObject({ code: 'DISCONNECTED' });
	expect(stream.error.value).toBeNull();
	client.open();
	expect(ids()).toEqual([1, 2]);
	expect(answer).toBeDefined();
});

it('keeps its pages over a reconnect that resumes, and begins anew over one that does not', async () => {
	const { client, clock, stream, answer, ids } = await paged({ version: 'v1' });
	const more = stream.loadMore();
	answer([{ id: 3 }], { hasMore: true, cursor: 3 });
	await more;
	client.drop();
	client.open();
	clock.advance(100);
	await turn();
	expect(client.requests(PATH).at(-1)).toMatchObject({ version: 'v1' });
	answer([], { unchanged: true, version: 'v1' });
	expect(ids()).toEqual([1, 2, 3]);
	expect(stream.hasMore.value).toBe(true);
	client.drop();
	client.open();
	clock.advance(100);
	await turn();
	answer([{ id: 7 }], { hasMore: false });
	expect(ids()).toEqual([7]);
	expect(stream.hasMore.value).toBe(false);
});

it('drops a page of a list that has begun anew meanwhile', async () => {
	const { client, stream, lastId, ids } = await paged();
	const more = stream.loadMore();
	const page = lastId();
	client.frame({ topic: 'todos', event: 'refreshed', data: { data: [{ id: 5 }], hasMore: true, cursor: 5 } });
	client.reply(page, { data: [{ id: 3 }], hasMore: false });
	expect(await more).toBe(true);
	expect(ids()).toEqual([5]);
	client.frame({ topic: 'todos', event: 'refreshed', data: [{ id: 6 }] });
	expect([ids(), stream.hasMore.value]).toEqual([[6], false]);
});

it('takes a page that was loaded elsewhere', async () => {
	const { stream, client, watch } = await setUp();
	stream.hydrate({ data: [{ id: 1 }], hasMore: true, cursor: 1 } as never, { seq: 4, ep: 'e', version: 'v' });
	expect(stream.hasMore.value).toBe(true);
	client.open();
	watch();
	await turn();
	expect(client.sent).toEqual([{ rpc: PATH, id: expect.any(String), args: [], stream: true, seq: 4, ep: 'e', version: 'v' }]);
	client.reply(client.sent[0]!['id'], {
		unchanged: true,
		data: [],
		topic: 'todos',
		version: 'v',
		sort: { field: 'id', direction: 'desc' }
	});
	const more = stream.loadMore();
	client.reply(client.sent[1]!['id'], { data: [{ id: 2 }], hasMore: false });
	await more;
	const shown: unknown[] = [];
	stream.subscribe((value) => shown.push(value))();
	expect(shown).toEqual([[{ id: 2 }, { id: 1 }]]);
});

it('names the shape that the page was built for from the first request on', async () => {
	const { client, host } = await setUp();
	client.open();
	new Stream(host, PATH, [], { version: 2 }).subscribe(() => {});
	await turn();
	expect(client.sent[0]).toMatchObject({ schemaVersion: 2 });
});
