import { expect, it } from 'vitest';
import { scripted, turn } from '../../../test/client/scripted-client.ts';
import { createStreamFactory, MAX_CACHED_STREAMS } from './cache.ts';

it('gives the same store for equal arguments, and tells types apart', () => {
	const list = createStreamFactory(scripted().host, 'todos/list', {});
	expect(list('a', { b: 1 })).toBe(list('a', { b: 1 }));
	expect(new Set([list(1), list('1'), list(null), list(undefined), list(), list(true)]).size).toBe(6);
});

it('sends its arguments', async () => {
	const { client, host } = scripted();
	client.open();
	createStreamFactory(host, 'todos/list', {})('room', 2).subscribe(() => {});
	await turn();
	expect(client.requests()).toEqual([{ rpc: 'todos/list', id: expect.any(String), args: ['room', 2], stream: true }]);
});

it('lets the longest unused stream go when there are too many, never one that is used', async () => {
	const { host } = scripted();
	const list = createStreamFactory(host, 'todos/list', {});
	const used = list('used');
	used.subscribe(() => {});
	const changed = list('changed');
	changed.optimistic('created', { id: 1 });
	const idle = list('idle');
	await turn();
	for (let i = 0; i < MAX_CACHED_STREAMS - 2; i++) list(i);
	expect([list('used'), list('changed')]).toEqual([used, changed]);
	expect(list('used')).toBe(used);
	expect(list('changed')).toBe(changed);
	expect(list('idle')).not.toBe(idle);
});

it('says where load() belongs', async () => {
	const list = createStreamFactory(scripted().host, 'todos/list', {});
	for (const { load } of [list, list(1)] as unknown as { load(): Promise<unknown> }[])
		await expect(load()).rejects.toThrow('todos/list: load() runs on the server');
});
