import { expect, it } from 'vitest';
import { turn } from '../../../test/client/scripted-client.ts';
import { connected, created, PATH, setUp, type Row } from '../../../test/client/todo-stream.ts';
import { Stream } from './stream.ts';

it('leaves its topic after the last subscriber, but not when somebody subscribes in the same turn', async () => {
	const { client, unsubscribe, watch } = await connected();
	const second = watch();
	unsubscribe();
	await turn();
	second();
	const third = watch();
	await turn();
	expect(client.releases).toEqual([]);
	third();
	third();
	await turn();
	expect(client.releases).toEqual(['todos']);
	client.frame(created(5));
});

it('keeps the value for a minute after the last subscriber, and shows it while it loads again', async () => {
	const { client, clock, stream, unsubscribe, watch, values, answer } = await connected();
	unsubscribe();
	await turn();
	clock.advance(59_999);
	await turn();
	const again = watch();
	await turn();
	expect([values.at(-1), stream.status.value]).toEqual([[{ id: 1 }], 'reconnecting']);
	answer([{ id: 2 }]);
	expect(values.at(-1)).toEqual([{ id: 2 }]);
	again();
	await turn();
	clock.advance(60_000);
	await turn();
	watch();
	expect([values.at(-1), stream.status.value]).toEqual([undefined, 'loading']);
	expect(client.releases).toEqual(['todos', 'todos']);
});

it('keeps nothing when resumeGraceMs is 0', async () => {
	const { clock, unsubscribe, watch, values } = await connected({ resumeGraceMs: 0 });
	unsubscribe();
	await turn();
	watch();
	expect(values.at(-1)).toBeUndefined();
	expect(clock.pending).toBe(0);
});

it('leaves the topic when the answer comes after the last subscriber has gone', async () => {
	const { client, values, watch, answer, clock } = await setUp({ resumeGraceMs: 0 });
	client.open();
	const unsubscribe = watch();
	await turn();
	unsubscribe();
	await turn();
	answer([{ id: 1 }]);
	expect(client.releases).toEqual(['todos']);
	expect(values).toEqual([undefined]);
	expect(clock.pending).toBe(0);
});

it('leaves the topic when the answer comes after its time-out and the last subscriber has gone', async () => {
	const { client, clock, watch, answer, stream } = await setUp();
	client.open();
	const unsubscribe = watch();
	await turn();
	clock.advance(30_000);
	await turn();
	expect(stream.error.value).toMatchObject({ code: 'TIMEOUT' });
	unsubscribe();
	await turn();
	answer([]);
	expect(client.releases).toEqual(['todos']);
});

it('does not leave a topic that a load which is still running may be about', async () => {
	const { client, watch, stream, unsubscribe, host } = await connected();
	const other = new Stream<Row[]>(host, 'todos/other', [], {});
	other.subscribe(() => {});
	unsubscribe();
	await turn();
	expect(client.releases).toEqual([]);
	client.reply(client.requests('todos/other')[0]!['id'], { data: [], topic: 'todos' });
	expect(client.releases).toEqual([]);
	expect(stream.status.value).toBe('reconnecting');
	watch();
	await turn();
	expect(client.requests(PATH)).toHaveLength(2);
});

it('leaves a topic only when no other stream of the page follows it', async () => {
	const { client, unsubscribe, host } = await connected();
	const other = new Stream<Row[]>(host, 'todos/other', [], {});
	const values: unknown[] = [];
	const stop = other.subscribe((value) => values.push(value));
	await turn();
	client.reply(client.requests('todos/other')[0]!['id'], { data: [], topic: 'todos' });
	unsubscribe();
	await turn();
	expect(client.releases).toEqual([]);
	client.frame(created(2));
	expect(values.at(-1)).toEqual([{ id: 2 }]);
	stop();
	await turn();
	expect(client.releases).toEqual(['todos']);
});

it('survives a visit that ends and begins again while its first request is on the way', async () => {
	const { client, values, watch, answer, requests } = await setUp();
	client.open();
	watch()();
	const first = watch();
	await turn();
	first();
	await turn();
	watch();
	await turn();
	expect(requests()).toBe(2);
	client.reply(client.requests(PATH)[0]!['id'], { data: [{ id: 1 }], topic: 'todos' });
	answer([{ id: 1 }, { id: 2 }]);
	client.frame(created(3));
	expect(client.releases).toEqual([]);
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

it('moves to another topic when a later answer names one', async () => {
	const { client, clock, values, answer } = await connected();
	client.drop();
	client.open();
	clock.advance(100);
	await turn();
	answer([], { topic: 'team' });
	client.frame(created(1, 'todos'), created(2, 'team'));
	expect(values.at(-1)).toEqual([{ id: 2 }]);
});
