import { expect, it } from 'vitest';
import { startCore } from '../../test/support/core.ts';
import type { Peers, Question } from '../contract/peers.ts';

/** Nodes of one process that ask each other. */
function neighbourhood(): () => Peers {
	const replies = new Map<Peers, (question: Question) => number>();
	return () => {
		const peers: Peers = {
			answer(reply) {
				replies.set(peers, reply);
				return { [Symbol.dispose]: () => void replies.delete(peers) };
			},
			tell: () => {},
			heed: () => ({ [Symbol.dispose]() {} }),
			ask: async (question) => [...replies].filter(([other]) => other !== peers).map(([, reply]) => reply(question))
		};
		return peers;
	};
}

async function nodes(count: number) {
	const join = neighbourhood();
	const hooks = { upgrade: ({ headers }: { headers: Readonly<Record<string, string>> }) => ({ team: Number(headers['team']) }) };
	return Promise.all(Array.from({ length: count }, () => startCore(hooks, { peers: join() })));
}

it('counts sockets and subscribers over all nodes, while the own members count this one', async () => {
	const [a, b] = await nodes(2);
	for (const node of [a!, b!, b!]) (await node.join()).say({ type: 'subscribe', topic: 'news', ref: 1 });
	expect([a!.platform.connections, await a!.platform.everywhere.connections()]).toEqual([1, 3]);
	expect([b!.platform.subscribers('news'), await b!.platform.everywhere.subscribers('news')]).toEqual([2, 3]);
	await b!.core[Symbol.asyncDispose]();
	expect(await a!.platform.everywhere.connections()).toBe(1);
});

it('sends to every client whose user data matches, on whichever node, once', async () => {
	const [a, b] = await nodes(2);
	const clients = [
		await a!.join({ team: '7' }),
		await a!.join({ team: '8' }),
		await b!.join({ team: '7' }),
		await b!.join({ team: '7' })
	];
	const { everywhere } = a!.platform;
	expect(await everywhere.sendTo({ team: 7 }, 'notices', 'created', { id: 1 })).toBe(3);
	const frame = { topic: 'notices', event: 'created', data: { id: 1 } };
	b!.clock.turn();
	expect(clients.map((client) => client.heard())).toEqual([[frame], [], [frame], [frame]]);
	expect(await everywhere.sendTo({ team: 7, role: 'admin' }, 'notices', 'created')).toBe(0);
	expect(await everywhere.sendTo({ team: '7' }, 'notices', 'created')).toBe(0);
});

it('refuses a match of nothing or of objects, and data that cannot travel, before anybody is asked', async () => {
	const [a] = await nodes(1);
	const { everywhere } = a!.platform;
	await expect(everywhere.sendTo({}, 't', 'e')).rejects.toThrow('match: got no fields');
	await expect(everywhere.sendTo({ team: {} as never }, 't', 'e')).rejects.toThrow('match.team: got object');
	await expect(everywhere.sendTo({ team: 7 }, 't', 'e', 1n)).rejects.toThrow(TypeError);
	await expect(everywhere.sendTo({ team: 7 }, 'bad"topic', 'e')).rejects.toThrow(TypeError);
});

it('is this node alone where there is no other', async () => {
	const { platform, join } = await startCore();
	await join();
	expect(await platform.everywhere.connections()).toBe(1);
});
