import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { closeConnection, endPage, pageSlots } from '../test/client/fresh-page.ts';

type Face = typeof import('./client.ts');
type Frame = Record<string, any>;

/** A server that answers calls with their arguments and streams with one row, and a fresh page on it. */
async function page(): Promise<
	Face & { readonly server: WebSocketServer; readonly sockets: WebSocket[]; readonly frames: Frame[]; readonly url: string }
> {
	const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
	const sockets: WebSocket[] = [];
	const frames: Frame[] = [];
	const answer = ({ rpc, id, args, stream }: Frame): Frame => ({
		id,
		ok: true,
		data: stream ? [{ id: 1, rpc }] : args,
		...(stream ? { topic: rpc, merge: 'crud', key: 'id' } : {})
	});
	server.on('connection', (socket) => {
		sockets.push(socket);
		socket.on('message', (data) => {
			const frame = JSON.parse(String(data)) as Frame;
			frames.push(frame);
			if (frame['rpc']) socket.send(JSON.stringify({ topic: '__rpc', event: frame['id'], data: answer(frame) }));
			if (frame['batch'])
				socket.send(
					JSON.stringify({ topic: '__rpc', event: '__batch', data: { batch: (frame['batch'] as Frame[]).map(answer) } })
				);
		});
	});
	await new Promise((resolve) => server.once('listening', resolve));
	endPage(() => {
		for (const socket of sockets) socket.terminate();
		server.close();
	});
	const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
	vi.resetModules();
	return { ...(await import('./client.ts')), server, sockets, frames, url };
}

it('does nothing when it is imported, not even where there is no page', async () => {
	const open = vi.spyOn(globalThis, 'WebSocket');
	vi.resetModules();
	const { __rpc, __stream, empty } = await import('./client.ts');
	__rpc('a/b');
	__stream('a/c').hydrate([]);
	__stream('a/d', {}, true)(1);
	let value: unknown = 0;
	empty.subscribe((next) => (value = next));
	expect([value, open.mock.calls, pageSlots()]).toEqual([undefined, [], [undefined, undefined]]);
	open.mockRestore();
});

it('calls, batches and follows streams over one connection, which the first use opens', async () => {
	const { configure, __rpc, __stream, batch, server, sockets, url } = await page();
	configure({ url });
	expect(await __rpc('a/echo')('x', 1)).toEqual(['x', 1]);
	expect(await batch(() => [__rpc('a/echo')(1), __rpc('a/echo')(2)])).toEqual([[1], [2]]);
	let value: unknown;
	const unsubscribe = __stream('todos/list', { merge: 'crud' }).subscribe((next) => (value = next));
	await vi.waitFor(() => expect(value).toEqual([{ id: 1, rpc: 'todos/list' }]));
	sockets[0]!.send(JSON.stringify({ topic: 'todos/list', event: 'created', data: { id: 2 } }));
	await vi.waitFor(() => expect(value).toEqual([{ id: 1, rpc: 'todos/list' }, { id: 2 }]));
	unsubscribe();
	expect(server.clients.size).toBe(1);
});

it('leaves the topic of a stream on the wire after its last subscriber', async () => {
	const { configure, __stream, frames, url } = await page();
	configure({ url });
	const stream = __stream('todos/list');
	const unsubscribe = stream.subscribe(() => {});
	await vi.waitFor(() => expect(frames.some((frame) => frame['stream'])).toBe(true));
	let status: unknown;
	stream.status.subscribe((next) => (status = next));
	await vi.waitFor(() => expect(status).toBe('connected'));
	unsubscribe();
	await vi.waitFor(() => expect(frames).toContainEqual({ type: 'unsubscribe', topic: 'todos/list' }));
});

it('shares the connection between two copies of the package', async () => {
	const first = await page();
	first.configure({ url: first.url });
	vi.resetModules();
	const second = await import('./client.ts');
	expect(second.__rpc).not.toBe(first.__rpc);
	expect(await Promise.all([first.__rpc('a/echo')(1), second.__rpc('a/echo')(2)])).toEqual([[1], [2]]);
	expect(first.server.clients.size).toBe(1);
});

it('adds settings up, and refuses an address that comes too late', async () => {
	const { configure, __rpc, __stream, sockets, url } = await page();
	const heard: string[] = [];
	configure({ url });
	configure({ onDisconnect: () => heard.push('disconnect') });
	configure({ onConnect: () => heard.push('connect') });
	await __rpc('a/echo')();
	expect(() => configure({ url: 'ws://elsewhere' })).toThrow(/too late/);
	configure({ url, timeout: 10_000 });
	let value: unknown;
	onTestFinished(__stream('todos/list').subscribe((next) => (value = next)));
	await vi.waitFor(() => expect(value).toBeDefined());
	sockets[0]!.close(1012);
	await vi.waitFor(() => expect(heard).toEqual(['disconnect', 'connect']));
});

it('goes on over a new connection when the old one was closed and the page uses it again', async () => {
	const { configure, __rpc, __stream, sockets, url } = await page();
	configure({ url });
	let value: unknown;
	onTestFinished(__stream('todos/list').subscribe((next) => (value = next)));
	await vi.waitFor(() => expect(value).toBeDefined());
	closeConnection();
	expect(await __rpc('a/echo')(5)).toEqual([5]);
	await vi.waitFor(() => expect(sockets).toHaveLength(2));
	await vi.waitFor(() => {
		sockets[1]!.send(JSON.stringify({ topic: 'todos/list', event: 'created', data: { id: 7 } }));
		expect(value).toContainEqual({ id: 7 });
	});
});

it('shows a user who signs in nothing of the one before, also of what was left only just now', async () => {
	const { configure, __stream, sockets, frames, url } = await page();
	const { connect } = await import('svelte-adapter-uws/client');
	configure({ url });
	const [followed, left] = [__stream('todos/followed'), __stream('todos/left')];
	const values: unknown[] = [];
	onTestFinished(followed.subscribe((next) => values.push(next)));
	const leave = left.subscribe(() => {});
	const value = (): unknown => {
		let seen: unknown;
		left.subscribe((next) => (seen = next))();
		return seen;
	};
	await vi.waitFor(() => expect([values.at(-1), value()]).not.toContain(undefined));
	leave();
	followed.enableHistory();
	await vi.waitFor(() => expect(frames).toContainEqual({ type: 'unsubscribe', topic: 'todos/left' }));
	sockets[0]!.close(4401);
	let status: unknown;
	onTestFinished(followed.status.subscribe((next) => (status = next)));
	await vi.waitFor(() => expect(status).toBe('error'));
	expect(values.at(-1)).toBeDefined();

	connect().close();
	expect(values.at(-1)).toBeDefined();
	values.length = 0;
	connect({ url });
	await vi.waitFor(() => expect(values).toEqual([undefined, [{ id: 1, rpc: 'todos/followed' }]]));
	expect([value(), followed.undo()]).toEqual([undefined, false]);
	onTestFinished(left.subscribe(() => {}));
	await vi.waitFor(() => expect(JSON.stringify(frames).split('"rpc":"todos/left"')).toHaveLength(3));
	expect(sockets).toHaveLength(2);
});

it('opens no connection by itself after the page closed its own', async () => {
	const { configure, __stream, sockets, url } = await page();
	const { connect } = await import('svelte-adapter-uws/client');
	configure({ url });
	let value: unknown;
	onTestFinished(__stream('todos/list').subscribe((next) => (value = next)));
	await vi.waitFor(() => expect(value).toBeDefined());
	connect().close();
	connect({ url }).close();
	await new Promise((resolve) => setTimeout(resolve));
	expect([pageSlots()[1]?.value, sockets.length]).toMatchObject([{ status: { value: 'failed' } }, 1]);
});

it('keeps calls that are made offline where the page is told to, also when it is told late', async () => {
	const { configure, __rpc, sockets, frames, url } = await page();
	configure({ url });
	await __rpc('a/echo')(0);
	for (const offline of [{ maxQueue: 0 }, { maxAge: Number.NaN }, { replay: 'backwards' as never }])
		expect(() => configure({ offline })).toThrow(RangeError);
	const heard: string[] = [];
	configure({ offline: { queue: true } });
	configure({ timeout: 20, offline: { beforeReplay: ({ args }) => void heard.push(`queued ${args[0]}`) } });
	configure({ onDisconnect: () => heard.push('lost') });
	sockets[0]!.close(4000);
	await vi.waitFor(() => expect(heard).toEqual(['lost']));
	const calls = [1, 2].map((n) => __rpc('a/echo')(n));
	configure({ timeout: 10_000 });
	expect(await Promise.all(calls)).toEqual([[1], [2]]);
	expect(heard).toEqual(['lost', 'queued 1', 'queued 2']);
	expect(frames.flatMap((frame) => (frame['rpc'] ? [frame['args']] : []))).toEqual([[0], [1], [2]]);
});

it('hands the stores of the connection on', async () => {
	const { configure, status, failure, __rpc, url } = await page();
	configure({ url });
	const seen: unknown[] = [];
	await __rpc('a/echo')();
	onTestFinished(status.subscribe((next) => seen.push(next)));
	onTestFinished(failure.subscribe((next) => seen.push(next)));
	expect(seen).toEqual(['open', null]);
});
