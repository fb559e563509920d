import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { freePort } from 'conformance/free-port';
import { expect, it, vi } from 'vitest';
import type { Message } from './channel.ts';
import { Acceptor } from './acceptor.ts';
import type { WorkerProcess } from './slot.ts';

/** A worker that takes what it is handed when the test says so. */
class Taker implements WorkerProcess {
	readonly pid = 1;
	readonly node = 'node';
	readonly handed: { readonly id: number; readonly connection: Socket }[] = [];
	#receive: (message: Message) => void = () => {};

	readonly channel: WorkerProcess['channel'] = {
		send() {},
		listen: (receive) => {
			this.#receive = receive;
			return { [Symbol.dispose]: () => void (this.#receive = () => {}) };
		}
	};

	say(message: Message): void {
		this.#receive(message);
	}

	hand(id: number, connection: Socket): void {
		this.handed.push({ id, connection });
	}

	kill(): void {}
	onExit(): void {}
}

async function accepting(stack: DisposableStack, workers: number) {
	const port = await freePort();
	const failed = vi.fn();
	const acceptor = new Acceptor({ host: '127.0.0.1', port, failed });
	stack.defer(() => acceptor.close());
	const takers = Array.from({ length: workers }, () => new Taker());
	const memberships = takers.map((taker) => acceptor.join(taker));
	for (const taker of takers) taker.say({ type: 'ready', port });
	const visit = async (): Promise<Socket> => {
		const client = connect(port, '127.0.0.1');
		stack.defer(() => client.destroy());
		await once(client, 'connect');
		return client;
	};
	return { acceptor, takers, memberships, visit, port, failed };
}

it('hands connections to the workers in turn', async () => {
	using stack = new DisposableStack();
	const { takers, visit } = await accepting(stack, 3);
	for (let n = 0; n < 6; n++) await visit();
	await vi.waitFor(() => expect(takers.map(({ handed }) => handed.length)).toEqual([2, 2, 2]));
});

it('lets go of a connection once a worker has it', async () => {
	using stack = new DisposableStack();
	const { takers, visit } = await accepting(stack, 1);
	await visit();
	await vi.waitFor(() => expect(takers[0]!.handed).toHaveLength(1));
	const [{ id, connection }] = takers[0]!.handed as [{ id: number; connection: Socket }];
	expect(connection.destroyed).toBe(false);
	takers[0]!.say({ type: 'accepted', id });
	expect(connection.destroyed).toBe(true);
});

it('hands what an ended worker had not taken to another, and what it had taken to nobody', async () => {
	using stack = new DisposableStack();
	const { takers, memberships, visit } = await accepting(stack, 2);
	for (let n = 0; n < 4; n++) await visit();
	await vi.waitFor(() => expect(takers.map(({ handed }) => handed.length)).toEqual([2, 2]));
	takers[0]!.say({ type: 'accepted', id: takers[0]!.handed[0]!.id });
	memberships[0]![Symbol.dispose]();
	expect(takers[1]!.handed.map(({ connection }) => connection)).toContain(takers[0]!.handed[1]!.connection);
	expect(takers[1]!.handed).toHaveLength(3);
});

it('refuses connections while no worker is there, and takes them again once one is', async () => {
	using stack = new DisposableStack();
	const { acceptor, takers, memberships, visit, port, failed } = await accepting(stack, 1);
	const waiting = await visit();
	await vi.waitFor(() => expect(takers[0]!.handed).toHaveLength(1));
	const closed = once(waiting, 'close');
	memberships[0]![Symbol.dispose]();
	await closed;
	await vi.waitFor(() => expect(visit()).rejects.toThrow('ECONNREFUSED'));
	const next = new Taker();
	acceptor.join(next);
	next.say({ type: 'ready', port });
	await vi.waitFor(visit);
	await vi.waitFor(() => expect(next.handed.length).toBeGreaterThan(0));
	expect(failed).not.toHaveBeenCalled();
});

it('accepts nothing after its end, whoever becomes ready', async () => {
	using stack = new DisposableStack();
	const { acceptor, takers, visit, port } = await accepting(stack, 1);
	acceptor.close();
	takers[0]!.say({ type: 'ready', port });
	await vi.waitFor(() => expect(visit()).rejects.toThrow('ECONNREFUSED'));
});
