import { expect, it, vi } from 'vitest';
import { scripted, turn } from '../../../test/client/scripted-client.ts';
import type { RpcError } from '../../shared/error.ts';
import { createRpcCall, type RpcCall } from './call.ts';
import { OfflineCalls, type OfflineEntry, type OfflineOptions } from './offline.ts';

/** A page without a connection whose calls wait for one; `settled` is what each of them has come to. */
function setUp(options: OfflineOptions = {}) {
	const parts = scripted({ timeout: 1_000 });
	const current = { queue: true, ...options };
	parts.live.calls = new OfflineCalls(parts.live, () => current);
	const rpc = (path: string): RpcCall => createRpcCall(() => parts.live.calls, path);
	const settled: Record<string, unknown> = {};
	const make = (name: string, call: () => Promise<unknown> = () => rpc(`a/${name}`)(name)): void =>
		void call().then(
			(value) => (settled[name] = value),
			(error: RpcError) => (settled[name] = error.code)
		);
	const asked = (): string[] => parts.client.requests().map((request) => String(request['rpc']).slice(2));
	const answer = async (name: string, reply: object = { data: `${name}!` }): Promise<void> => {
		parts.client.reply(parts.client.requests(`a/${name}`).at(-1)!['id'], { ...reply });
		await turn();
		await turn();
	};
	return { ...parts, options: current, rpc, make, settled, asked, answer };
}

it('keeps calls as long as it takes, and sends them one after the other', async () => {
	const { client, clock, make, settled, asked, answer } = setUp();
	for (const name of ['one', 'two', 'three']) make(name);
	clock.advance(3_600_000);
	await turn();
	expect(settled).toEqual({});
	client.open();
	await turn();
	expect(asked()).toEqual(['one']);
	await answer('one');
	expect(asked()).toEqual(['one', 'two']);
	await answer('two', { ok: false, code: 'VALIDATION', error: 'no' });
	await answer('three');
	expect(settled).toEqual({ one: 'one!', two: 'VALIDATION', three: 'three!' });
});

it('counts the time-out of a call from when it is sent, and keeps its key', async () => {
	const { client, clock, rpc, make, settled } = setUp();
	make('pay', () => rpc('a/pay').with({ timeout: 5_000, idempotencyKey: 'k' })());
	clock.advance(60_000);
	client.open();
	await turn();
	expect(client.requests('a/pay')).toMatchObject([{ idempotencyKey: 'k' }]);
	clock.advance(4_999);
	await turn();
	expect(settled).toEqual({});
	clock.advance(1);
	await turn();
	expect(settled).toEqual({ pay: 'TIMEOUT' });
});

it('sends ten at a time where they may overtake each other', async () => {
	const { client, make, asked, answer } = setUp({ replay: 'concurrent' });
	const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
	for (const name of names) make(name);
	client.open();
	await turn();
	expect(asked()).toEqual(names.slice(0, 10));
	for (const name of names.slice(0, 10)) await answer(name);
	expect(asked()).toEqual(names);
});

it('gives up the oldest call of too many, those that are too old, and those that the page no longer wants', async () => {
	const { client, clock, make, settled, asked, answer } = setUp({
		maxQueue: 3,
		maxAge: 1_000,
		beforeReplay: ({ path }: OfflineEntry) => Promise.resolve(path !== 'a/unwanted')
	});
	for (const name of ['first', 'old']) make(name);
	clock.advance(1_001);
	for (const name of ['unwanted', 'kept']) make(name);
	await turn();
	expect(settled).toEqual({ first: 'QUEUE_FULL' });
	client.open();
	for (let i = 0; i < 5; i++) await turn();
	expect(asked()).toEqual(['kept']);
	await answer('kept');
	expect(settled).toEqual({ first: 'QUEUE_FULL', old: 'STALE', unwanted: 'STALE', kept: 'kept!' });
});

it('sends what a function of the page chooses, in its order, and nothing that it makes up', async () => {
	const { client, make, settled, asked, answer } = setUp({
		replay: (entries) => [entries[2]!, entries[2]!, { ...entries[1]! }, entries[0]!]
	});
	for (const name of ['one', 'two', 'three']) make(name);
	client.open();
	await turn();
	await answer('three');
	await answer('one');
	expect(asked()).toEqual(['three', 'one']);
	expect(settled).toEqual({ one: 'one!', two: 'STALE', three: 'three!' });
});

it('goes on whatever the functions of the page throw', async () => {
	const uncaught = vi.fn();
	process.on('uncaughtException', uncaught);
	const fails = (): never => {
		throw new Error('of the page');
	};
	const { client, make, settled, options, answer } = setUp({ replay: fails });
	make('one');
	client.open();
	await turn();
	expect(settled).toEqual({ one: 'STALE' });
	client.drop();
	Object.assign(options, { replay: 'sequential', beforeReplay: fails });
	make('two');
	client.open();
	for (let i = 0; i < 5; i++) await turn();
	expect(settled).toMatchObject({ two: 'STALE' });
	client.drop();
	Object.assign(options, { beforeReplay: undefined, onReplayError: fails });
	make('three');
	make('four');
	client.open();
	await turn();
	await answer('three', { ok: false, code: 'FORBIDDEN', error: 'no' });
	await answer('four');
	expect(settled).toMatchObject({ three: 'FORBIDDEN', four: 'four!' });
	await vi.waitFor(() => expect(uncaught).toHaveBeenCalledOnce());
	process.off('uncaughtException', uncaught);
});

it('keeps what had not left when the connection is lost once more, and says so of what had', async () => {
	const heard: string[] = [];
	const { client, make, settled, asked, answer } = setUp({
		onReplayError: ({ path }, { code, indeterminate }) => void heard.push(`${path} ${code} ${indeterminate}`)
	});
	for (const name of ['one', 'two']) make(name);
	client.open();
	await turn();
	client.drop();
	await turn();
	expect([settled, heard]).toEqual([{ one: 'DISCONNECTED' }, ['a/one DISCONNECTED true']]);
	client.open();
	for (let i = 0; i < 5; i++) await turn();
	expect(asked()).toEqual(['one', 'two']);
	await answer('two');
	expect(settled).toEqual({ one: 'DISCONNECTED', two: 'two!' });
});

it('goes on when the connection is back before the page has heard that it was lost', async () => {
	const { client, make, settled, asked, answer } = setUp();
	for (const name of ['one', 'two']) make(name);
	client.open();
	await turn();
	client.drop();
	client.open();
	for (let i = 0; i < 5; i++) await turn();
	expect(asked()).toEqual(['one', 'two']);
	await answer('two');
	expect(settled).toEqual({ one: 'DISCONNECTED', two: 'two!' });
});

it('fails what waits when there will be no connection, so that another user sends nothing of it', async () => {
	const { client, make, settled, asked } = setUp();
	make('one');
	client.fail();
	await turn();
	make('two');
	client.open();
	await turn();
	expect([settled, asked()]).toEqual([{ one: 'CONNECTION_CLOSED', two: 'CONNECTION_CLOSED' }, []]);
});

it('sends nothing of a call that was cancelled while it waited', async () => {
	const { client, rpc, make, settled, asked } = setUp();
	const controller = new AbortController();
	make('one', () => rpc('a/one').with({ signal: controller.signal })());
	controller.abort();
	await turn();
	client.open();
	await turn();
	expect([settled, asked()]).toEqual([{ one: 'CANCELLED' }, []]);
});

it('lets calls of a batch, and all calls while it is off, wait within their time-out', async () => {
	const { client, clock, live, rpc, make, settled, options } = setUp();
	make('batched', () => live.calls.batch(() => [rpc('a/one')(), rpc('a/two')()], false));
	options.queue = false;
	make('plain');
	clock.advance(1_000);
	await turn();
	expect(settled).toEqual({ batched: 'TIMEOUT', plain: 'TIMEOUT' });
	client.open();
	expect(client.sent).toEqual([]);
});
