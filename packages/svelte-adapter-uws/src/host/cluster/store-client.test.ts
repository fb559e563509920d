import { expect, it } from 'vitest';
import { channelPair } from '../../../test/support/workers.ts';
import { StoreFullError } from '../../service/store-full.ts';
import { memoryStores } from '../../service/memory-stores.ts';
import { manualClock } from '../clock.ts';
import { createRandomId } from '../random-id.ts';
import type { Message } from './channel.ts';
import { connectStores } from './store-client.ts';
import { serveStores } from './store-server.ts';

function connected(stack: DisposableStack) {
	const stores = memoryStores('primary', manualClock(), createRandomId());
	const [up, down] = channelPair();
	stack.use(up);
	const served = stack.use(serveStores(stores, up));
	return { stores, up, down, served, client: stack.use(connectStores('worker', down)) };
}

it('carries kind, message and code of an error', async () => {
	using stack = new DisposableStack();
	const { stores, client } = connected(stack);
	await expect(client.rateLimit.take('k', -1, { points: 1, intervalMs: 1 })).rejects.toThrow(
		new RangeError('cost: got -1, expected a number of 0 or more.')
	);
	stores.lock.acquire = () => Promise.reject(new StoreFullError('lock store', 1));
	await expect(client.lock.acquire('k', 1)).rejects.toMatchObject({ code: 'STORE_FULL' });
});

it('calls nothing but the methods of stores', async () => {
	using stack = new DisposableStack();
	const { down } = connected(stack);
	const answers: Message[] = [];
	down.listen((message) => void answers.push(message));
	for (const [store, method] of [
		['lock', 'constructor'],
		['lock', '__proto__'],
		['constructor', 'keys'],
		['nothing', 'at all']
	] as const)
		down.send({ type: 'call', id: answers.length, store, method, args: [] });
	await expect.poll(() => answers.length).toBe(4);
	for (const answer of answers) expect(answer).toMatchObject({ error: { name: 'TypeError' } });
});

it('rejects what waits, and all that follows, once it is disposed', async () => {
	using stack = new DisposableStack();
	const { client, served } = connected(stack);
	served[Symbol.dispose]();
	const waiting = client.lock.acquire('k', 1);
	client[Symbol.dispose]();
	await expect(waiting).rejects.toMatchObject({ code: 'STORE_CLOSED' });
	await expect(client.lock.acquire('k', 1)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
});

it('sends data as JSON has it, whatever it is made of', async () => {
	using stack = new DisposableStack();
	const { client } = connected(stack);
	const point = { x: 1, run: () => {}, toJSON: () => ({ point: 1 }) };
	expect((await client.replay.append('t', 'e', point)).data).toEqual({ point: 1 });
	expect((await client.replay.append('t', 'e', () => {})).data).toBeNull();
});
