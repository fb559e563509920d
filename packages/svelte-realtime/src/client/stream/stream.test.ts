import { expect, it, vi } from 'vitest';
import { replyTo, scripted, turn } from '../../../test/client/scripted-client.ts';
import { connected, created, PATH, setUp } from '../../../test/client/todo-stream.ts';
import { RpcError } from '../../shared/error.ts';
import { MAX_OPTIMISTIC_QUEUE_DEPTH } from './optimistic.ts';
import { Stream } from './stream.ts';
import { MAX_BUFFERED_EVENTS } from './topics.ts';

it('asks for the stream at its first subscriber, and shows the answer', async () => {
	const { client, values, statuses, watch, answer } = await setUp();
	client.open();
	watch();
	await turn();
	expect(client.sent).toEqual([{ rpc: PATH, id: expect.any(String), args: [], stream: true }]);
	answer([{ id: 1 }]);
	expect(values).toEqual([undefined, [{ id: 1 }]]);
	expect(statuses).toEqual(['loading', 'connected']);
});

it('asks for nothing when it was subscribed only within one turn, as get() does', async () => {
	const { client, watch, clock } = await setUp();
	client.open();
	watch()();
	await turn();
	expect(client.sent).toEqual([]);
	expect(clock.pending).toBe(0);
});

it('applies events that come before the answer, and sets the store once per wire frame', async () => {
	const { client, values, watch, answer, lastId } = await setUp();
	client.open();
	watch();
	await turn();
	client.frame(created(2), created(9, 'other'));
	client.frame(created(3));
	expect(values).toEqual([undefined]);
	client.frame(created(4), replyTo(lastId(), { data: [{ id: 1 }, { id: 2 }], topic: 'todos' }), created(5));
	expect(values).toEqual([undefined, [1, 2, 3, 4, 5].map((id) => ({ id }))]);
	client.frame(created(6), created(7));
	expect(values).toHaveLength(3);
	expect(answer).toBeDefined();
});

it('sets the store when any event of a frame changed the value, not only the last one', async () => {
	const { client, values } = await connected();
	client.frame(created(2), { topic: 'todos', event: 'deleted', data: { id: 99 } });
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
});

it('loads again when so many events came during the load that some could not be kept', async () => {
	const { client, clock, stream, watch, answer, requests } = await setUp();
	client.open();
	watch();
	await turn();
	client.frame(...Array.from({ length: MAX_BUFFERED_EVENTS + 1 }, (_, i) => created(i)));
	answer([{ id: 1 }]);
	expect(stream.status.value).toBe('loading');
	clock.advance(100);
	await turn();
	expect(requests()).toBe(2);
	answer([{ id: 2 }]);
	expect(stream.status.value).toBe('connected');
});

it('keeps value and order of subscribers apart: each new one gets the value at once', async () => {
	const { stream, requests } = await connected();
	let value: unknown;
	stream.subscribe((next) => (value = next));
	await turn();
	expect(value).toEqual([{ id: 1 }]);
	expect(requests()).toBe(1);
});

it('shows an error in its own store, keeps the value, and does not repeat what would fail again', async () => {
	const { client, clock, stream, values, watch, lastId, requests } = await setUp();
	client.open();
	stream.hydrate([{ id: 1 }]);
	watch();
	await turn();
	client.reply(lastId(), { ok: false, code: 'FORBIDDEN', error: 'Access denied' });
	expect(stream.error.value).toBeInstanceOf(RpcError);
	expect(stream.error.value).toMatchObject({ code: 'FORBIDDEN', message: 'Access denied' });
	expect(stream.status.value).toBe('error');
	expect(values.at(-1)).toEqual([{ id: 1 }]);
	clock.advance(1_000_000);
	await turn();
	expect(requests()).toBe(1);
});

it('shows a failure in the console while the app is developed, once for each code in a row', async () => {
	const said = vi.spyOn(console, 'error').mockImplementation(() => {});
	const { client, stream, watch, lastId } = await setUp();
	client.open();
	watch();
	for (const code of ['FORBIDDEN', 'FORBIDDEN', 'NOT_FOUND']) {
		await turn();
		client.reply(lastId(), { ok: false, code, error: 'no' });
		stream.retry();
	}
	expect(said.mock.calls.map(([line]) => String(line))).toEqual([
		expect.stringMatching(/^\[svelte-realtime\] \S+ failed with FORBIDDEN \(no\)\. .*`error`/),
		expect.stringContaining('NOT_FOUND')
	]);
	said.mockRestore();
});

it('loads again by itself after a failure that passes, more and more slowly, and is well after a success', async () => {
	const { client, clock, stream, watch, lastId, answer, requests } = await setUp();
	client.open();
	watch();
	await turn();
	const waits: number[] = [];
	for (let i = 0; i < 5; i++) {
		client.reply(lastId(), { ok: false, code: 'OVERLOADED', error: 'try later' });
		const before = requests();
		const start = clock.now();
		while (requests() === before) {
			clock.advance(10);
			await turn();
		}
		waits.push(clock.now() - start);
	}
	expect(waits).toEqual([60, 2200, 4840, 10_648, 23_426].map((ms) => expect.closeTo(ms, -2)));
	answer([]);
	expect([stream.status.value, stream.error.value]).toEqual(['connected', null]);
});

it('waits as long as a rate limit says', async () => {
	const { client, clock, watch, lastId, requests } = await setUp();
	client.open();
	watch();
	await turn();
	client.reply(lastId(), { ok: false, code: 'RATE_LIMITED', error: 'slow down', retryAfter: 850 });
	clock.advance(849);
	await turn();
	expect(requests()).toBe(1);
	clock.advance(1);
	await turn();
	expect(requests()).toBe(2);
});

it('loads again when asked to, after any failure', async () => {
	const { client, stream, watch, lastId, answer, requests } = await setUp();
	client.open();
	watch();
	await turn();
	client.reply(lastId(), { ok: false, code: 'NOT_FOUND', error: 'gone' });
	stream.retry();
	await turn();
	expect(requests()).toBe(2);
	answer([]);
	expect(stream.status.value).toBe('connected');
});

it('misses nothing that happens while it loads again over a live connection', async () => {
	const { client, stream, values, lastId } = await connected();
	stream.retry();
	await turn();
	client.frame(created(2));
	client.frame(created(3), replyTo(lastId(), { data: [{ id: 1 }], topic: 'todos' }));
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

it('reconnects: says so at once, keeps the value, loads after a short pause and shows the fresh value in one step', async () => {
	const { client, clock, stream, values, statuses, answer, requests } = await connected();
	client.drop();
	expect(stream.status.value).toBe('reconnecting');
	client.open();
	clock.advance(19);
	await turn();
	expect(requests()).toBe(1);
	clock.advance(81);
	await turn();
	expect(requests()).toBe(2);
	answer([{ id: 1 }, { id: 2 }]);
	expect(values).toEqual([undefined, [{ id: 1 }], [{ id: 1 }, { id: 2 }]]);
	expect(statuses).toEqual(['loading', 'connected', 'reconnecting', 'connected']);
});

it('ignores events of its topic between the reconnect and the new load', async () => {
	const { client, clock, values, answer } = await connected();
	client.drop();
	client.open();
	client.frame(created(7));
	clock.advance(100);
	await turn();
	client.frame(created(8));
	answer([{ id: 1 }, { id: 7 }]);
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 7 }, { id: 8 }]);
});

it('loads when the first connection comes late, at once, and after it failed first', async () => {
	const { client, stream, watch, answer, requests } = await setUp();
	watch();
	await turn();
	expect(requests()).toBe(0);
	client.drop();
	expect(stream.status.value).toBe('loading');
	client.open();
	await turn();
	expect(requests()).toBe(1);
	answer([]);
	expect(stream.status.value).toBe('connected');
});

it('slows down when connections are lost again and again before an answer', async () => {
	const { client, clock, watch, requests } = await setUp();
	client.open();
	watch();
	await turn();
	for (let i = 0; i < 3; i++) {
		client.drop();
		client.open();
		clock.advance(100);
		await turn();
	}
	expect(requests()).toBe(2);
	clock.advance(20_000);
	await turn();
	expect(requests()).toBe(3);
});

it('asks for nothing again while the connection stands, whatever the page does', async () => {
	const { client, clock, requests } = await connected();
	clock.sleep(600_000);
	clock.advance(600_000);
	await turn();
	expect(client.connected).toBe(true);
	expect(requests()).toBe(1);
});

it('ends with an error when the connection has ended for good, keeps the value, and comes back when it opens again', async () => {
	const { client, clock, stream, values, answer } = await connected();
	for (const round of [1, 2]) {
		client.fail({ kind: 'ws-close', class: 'TERMINAL', code: 1008, reason: 'policy' });
		expect(stream.error.value).toMatchObject({ code: 'CONNECTION_CLOSED' });
		expect([stream.status.value, values.at(-1)]).toEqual(['error', round === 1 ? [{ id: 1 }] : []]);
		client.open();
		clock.advance(100);
		await turn();
		answer([]);
		expect([stream.status.value, stream.error.value, values.at(-1)]).toEqual(['connected', null, []]);
	}
});

it('says CONNECTION_CLOSED when it is first used after the connection has ended for good', async () => {
	const { client, stream, watch, requests } = await setUp();
	client.fail();
	watch();
	await turn();
	expect(stream.error.value).toMatchObject({ code: 'CONNECTION_CLOSED' });
	client.open();
	await turn();
	expect(requests()).toBe(1);
});

it('shows what it is hydrated with at once, still loads, and is not set back once it is live', async () => {
	const { client, stream, values, watch, answer, requests } = await setUp();
	expect(stream.hydrate([{ id: 1 }])).toBe(stream);
	watch();
	expect(values).toEqual([[{ id: 1 }]]);
	client.open();
	await turn();
	expect(requests()).toBe(1);
	answer([{ id: 1 }, { id: 2 }]);
	stream.hydrate([{ id: 1 }]);
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
});

it('goes on from its own value when a component comes back with what the stream began with', async () => {
	const { client, stream, values, watch, answer } = await setUp();
	client.open();
	const rendered = [{ id: 1 }];
	const leave = (stream.hydrate(rendered), watch());
	await turn();
	answer(rendered, { seq: 1, ep: 'e' });
	client.frame({ ...created(2), position: { epoch: 'e', seq: 2 } });
	leave();
	await turn();
	stream.hydrate(rendered);
	watch();
	await turn();
	expect(client.requests(PATH).at(-1)).toMatchObject({ seq: 2, ep: 'e' });
	answer([], { replay: true, seq: 2, ep: 'e' });
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
});

it('loads whole what it is hydrated with anew, as nobody knows where that stands', async () => {
	const { client, stream, values, watch, answer } = await setUp();
	client.open();
	const leave = watch();
	await turn();
	answer([{ id: 1 }], { seq: 9, ep: 'e', version: 4 });
	leave();
	await turn();
	stream.hydrate([{ id: 3 }]);
	watch();
	await turn();
	expect(values.at(-1)).toEqual([{ id: 3 }]);
	expect(client.requests(PATH).at(-1)).toEqual({ rpc: PATH, id: expect.any(String), args: [], stream: true });
});

it('asks again when it is hydrated while it asks what has changed of another value', async () => {
	const { client, clock, stream, values, lastId, answer } = await connected();
	client.reply(lastId(), {});
	stream.retry();
	await turn();
	answer([{ id: 1 }], { seq: 9, ep: 'e' });
	client.drop();
	client.open();
	clock.advance(100);
	await turn();
	expect(client.requests(PATH).at(-1)).toMatchObject({ seq: 9 });
	stream.hydrate([{ id: 5 }]);
	await turn();
	expect(client.requests(PATH).at(-1)).not.toHaveProperty('seq');
	answer([{ id: 5 }, { id: 6 }]);
	expect(values.at(-1)).toEqual([{ id: 5 }, { id: 6 }]);
});

it('says so when what it is hydrated with cannot be merged with events', async () => {
	const print = vi.spyOn(console, 'warn').mockImplementation(() => {});
	const { host } = scripted();
	new Stream<unknown>(host, PATH, [], {}).hydrate([]).hydrate({ data: [], hasMore: false });
	new Stream<unknown>(host, PATH, [], { merge: 'set' }).hydrate({ id: 1 });
	new Stream<unknown>(host, PATH, [], {}).hydrate(null);
	expect(print).not.toHaveBeenCalled();
	new Stream<unknown>(host, PATH, [], {}).hydrate({ id: 1 });
	expect(print.mock.calls).toEqual([[expect.stringContaining(`${PATH}.hydrate() takes a list`)]]);
	print.mockRestore();
});

it('keeps hydrated data when no loader stands behind the stream, and none behind a closed gate', async () => {
	const { stream, client, watch, answer } = await setUp();
	client.open();
	stream.hydrate([{ id: 1 }]);
	let value: unknown;
	stream.subscribe((next) => (value = next));
	watch();
	await turn();
	answer([], { channel: true });
	expect(value).toEqual([{ id: 1 }]);
	stream.retry();
	await turn();
	answer(null, { topic: undefined, gated: true });
	expect([value, stream.status.value]).toEqual([undefined, 'connected']);
});

it('takes what a derived stream has computed for it, whatever it had before', async () => {
	const { client, values, watch, stream, answer } = await setUp();
	client.open();
	stream.hydrate([{ id: 1 }]);
	watch();
	await turn();
	answer([{ id: 2 }], { derived: true });
	stream.retry();
	await turn();
	answer([{ id: 3 }], { derived: true });
	expect(values).toEqual([[{ id: 1 }], [{ id: 2 }], [{ id: 3 }]]);
});

it('shows a mutation while it runs, passes its outcome on, and takes it back when it fails', async () => {
	const { values, stream } = await connected();
	const failing = stream.mutate(() => Promise.reject(new RpcError('CONFLICT', 'no')), { event: 'created', data: { id: 2 } });
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
	await expect(failing).rejects.toMatchObject({ code: 'CONFLICT' });
	expect(values.at(-1)).toEqual([{ id: 1 }]);
	const out: number = await stream.mutate(
		async () => 5,
		(draft) => void draft.push({ id: 3 })
	);
	expect([out, values.at(-1)]).toEqual([5, [{ id: 1 }, { id: 3 }]]);
});

it('shows an optimistic event until it is rolled back', async () => {
	const { client, values, stream } = await connected();
	const rollback = stream.optimistic('deleted', { id: 1 });
	expect(values.at(-1)).toEqual([]);
	client.frame(created(2));
	rollback();
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
	rollback();
	expect(values.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
});

it('refuses bad mutations, and more than it can keep', async () => {
	const { stream } = await connected();
	await expect(stream.mutate(Promise.resolve() as never, { event: 'x', data: 1 })).rejects.toMatchObject({
		code: 'INVALID_REQUEST'
	});
	await expect(stream.mutate(() => {}, null as never)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
	for (let i = 0; i < MAX_OPTIMISTIC_QUEUE_DEPTH; i++) stream.optimistic('created', { id: i });
	await expect(stream.mutate(() => {}, { event: 'created', data: { id: 1 } })).rejects.toThrow('MAX_OPTIMISTIC_QUEUE_DEPTH');
});

it('fails for good on arguments that JSON cannot carry', async () => {
	const { client, clock, host } = scripted();
	client.open();
	const stream = new Stream(host, PATH, [1n], {});
	stream.subscribe(() => {});
	await turn();
	expect(stream.error.value).toMatchObject({ code: 'INVALID_REQUEST' });
	expect([client.sent, clock.pending]).toEqual([[], 0]);
});

it('ends its load, its timers and its topic when the client is closed', async () => {
	const { client, clock, stream, live, unsubscribe } = await connected();
	stream.retry();
	await turn();
	live.close();
	expect(stream.error.value).toMatchObject({ code: 'CONNECTION_CLOSED' });
	unsubscribe();
	await turn();
	clock.advance(60_000);
	await turn();
	expect([clock.pending, client.listeners, live.running.size]).toEqual([0, 0, 0]);
});

it('says whether any stream that is followed waits for its value', async () => {
	const { client, live, host, watch, stream } = await setUp();
	const quiet: boolean[] = [];
	live.quiet.store.subscribe((is) => quiet.push(is));
	client.open();
	const stop = watch();
	await turn();
	const other = new Stream(host, 'm/other', [], {});
	const leave = other.subscribe(() => {});
	await turn();
	expect(quiet).toEqual([true, false]);
	leave();
	await turn();
	expect(quiet).toEqual([true, false]);
	client.reply(client.requests(PATH)[0]!['id'], { data: [], topic: 'todos' });
	expect(quiet).toEqual([true, false, true]);
	client.drop();
	expect(quiet.at(-1)).toBe(false);
	client.open();
	client.fail();
	expect([stream.status.value, quiet.at(-1)]).toEqual(['error', true]);
	stop();
	await turn();
	expect(quiet.at(-1)).toBe(true);
});

it('asks for nothing when the page comes to the front with its connection open', async () => {
	const { client, requests } = await connected();
	client.show(false);
	client.show(true);
	await turn();
	expect(requests()).toBe(1);
});

it('shows the events of one painted frame at once, and an answer without waiting for it', async () => {
	const frames: (() => void)[] = [];
	const { client, host } = scripted({}, (run) => void frames.push(run));
	const stream = new Stream<{ id: number }[]>(host, PATH, [], {});
	const values: unknown[] = [];
	stream.subscribe((value) => void values.push(value));
	client.open();
	await turn();
	const { id } = client.sent.at(-1)!;
	client.reply(id, { data: [{ id: 1 }], topic: 'todos' });
	expect(values).toEqual([undefined, [{ id: 1 }]]);
	for (let i = 2; i <= 4; i++) client.frame(created(i));
	expect([values.length, frames.length]).toEqual([2, 1]);
	frames.pop()!();
	expect(values.slice(2)).toEqual([[1, 2, 3, 4].map((id) => ({ id }))]);
});

it('takes in what has come before a change, so that this is not taken for what confirms it', async () => {
	const frames: (() => void)[] = [];
	const { client, host } = scripted({}, (run) => void frames.push(run));
	const stream = new Stream<{ id: number; by: string }[]>(host, PATH, [], {});
	let value: unknown;
	stream.subscribe((next) => void (value = next));
	client.open();
	await turn();
	client.reply(client.sent.at(-1)!['id'], { data: [{ id: 1, by: 'server' }], topic: 'todos' });
	client.frame({ topic: 'todos', event: 'updated', data: { id: 1, by: 'another' } });
	await stream.mutate(() => 1, { event: 'updated', data: { id: 1, by: 'me' } });
	for (const run of frames) run();
	expect(value).toEqual([{ id: 1, by: 'me' }]);
});

it('keeps events that were not painted when the connection is lost, and lets no more than a thousand wait', async () => {
	const frames: (() => void)[] = [];
	const { client, host } = scripted({}, (run) => void frames.push(run));
	const stream = new Stream<{ id: number }[]>(host, PATH, [], {});
	const values: any[] = [];
	stream.subscribe((value) => void values.push(value));
	client.open();
	await turn();
	client.reply(client.sent.at(-1)!['id'], { data: [], topic: 'todos' });
	client.frame(created(1));
	client.drop();
	expect(values.at(-1)).toEqual([{ id: 1 }]);
	client.open();
	stream.retry();
	await turn();
	client.reply(client.sent.at(-1)!['id'], { data: [], topic: 'todos' });
	const before = values.length;
	client.frame(...Array.from({ length: 1_000 }, (_, i) => created(i)));
	expect([values.length, values.at(-1).length]).toEqual([before + 1, 1_000]);
});

it.each([
	['truncated', null],
	['end', { truncated: true }]
])('loads anew when the server says by %s that events of its topic are lost', async (event, data) => {
	const { client, watch, answer } = await setUp();
	client.open();
	watch();
	await turn();
	answer([{ id: 1 }], { seq: 4, ep: 'e' });
	client.frame({ topic: '__replay:other', event, data }, { topic: '__replay:todos', event: 'end', data: null });
	// A row of the app may hold anything.
	client.frame(created(2), { topic: 'todos', event: 'updated', data: { id: 2, reqId: 1, truncated: true } });
	expect(client.requests(PATH)).toHaveLength(1);
	client.frame({ topic: '__replay:todos', event, data });
	await turn();
	expect(client.requests(PATH)).toHaveLength(2);
	expect(client.requests(PATH).at(-1)).not.toHaveProperty('seq');
});
