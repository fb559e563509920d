import { expect, it, vi } from 'vitest';
import { channelPair } from '../../../test/support/workers.ts';
import type { News, Question } from '../../contract/peers.ts';
import { manualClock } from '../clock.ts';
import { Hub } from './hub.ts';
import { Polls } from './polls.ts';
import { workerPeers } from './worker-peers.ts';

const QUESTION: Question = { about: 'subscribers', topic: 'news' };

/** Workers of one primary, each ready and answering with its number. */
function cluster(stack: DisposableStack, count: number) {
	const clock = manualClock();
	const polls = new Polls(clock);
	const workers = Array.from({ length: count }, (_, n) => {
		const [up, down] = channelPair();
		stack.use(up);
		const membership = polls.join(up);
		const peers = workerPeers(down);
		const asked: Question[] = [];
		const answering = peers.answer((question) => {
			asked.push(question);
			return n;
		});
		down.send({ type: 'ready', port: 1 });
		return { peers, asked, answering, membership, up, down };
	});
	return { clock, workers };
}

it('gives the answers of all others, and asks not the one that asks', async () => {
	using stack = new DisposableStack();
	const { workers, clock } = cluster(stack, 3);
	// Each says that it is ready before it asks, on the same way; the others may not have been heard yet.
	await vi.waitFor(async () => expect((await workers[1]!.peers.ask(QUESTION)).toSorted()).toEqual([0, 2]));
	expect(workers[1]!.asked).toEqual([]);
	expect(workers[0]!.asked.at(-1)).toEqual(QUESTION);
	expect(clock.pending).toBe(0);
});

it('tells all others, in order and not the one that tells, for as long as they heed', async () => {
	using stack = new DisposableStack();
	const hub = new Hub();
	const heard: News[][] = [[], [], []];
	const workers = heard.map((news) => {
		const [up, down] = channelPair();
		stack.use(up);
		stack.use(hub.join(up));
		const peers = workerPeers(down);
		return { peers, heeding: peers.heed((one) => void news.push(one)) };
	});
	const news = (n: number): News => ({ about: 'handshakes', counts: [['10.0.0.1', n]] });
	for (const n of [1, 2]) workers[0]!.peers.tell(news(n));
	await vi.waitFor(() => expect(heard).toEqual([[], [news(1), news(2)], [news(1), news(2)]]));
	workers[2]!.heeding[Symbol.dispose]();
	workers[0]!.peers.tell(news(3));
	await vi.waitFor(() => expect(heard[1]).toHaveLength(3));
	expect(heard[2]).toHaveLength(2);
});

it('has no answers where there is nobody else', async () => {
	using stack = new DisposableStack();
	const { workers } = cluster(stack, 1);
	expect(await workers[0]!.peers.ask(QUESTION)).toEqual([]);
});

it('leaves out who does not answer in time, and takes no late answer for another question', async () => {
	using stack = new DisposableStack();
	const { workers, clock } = cluster(stack, 3);
	await vi.waitFor(async () => expect(await workers[0]!.peers.ask(QUESTION)).toHaveLength(2));
	workers[1]!.answering[Symbol.dispose]();
	const late: number[] = [];
	workers[1]!.down.listen((message) => message.type === 'ask' && late.push(message.id));
	const before = workers[2]!.asked.length;
	const answers = workers[0]!.peers.ask(QUESTION);
	await vi.waitFor(() => expect([late.length, workers[2]!.asked.length, clock.pending]).toEqual([1, before + 1, 1]));
	const after = vi.fn();
	workers[2]!.up.listen((message) => message.type === 'pong' && after());
	workers[2]!.down.send({ type: 'pong' });
	await vi.waitFor(() => expect(after).toHaveBeenCalled());
	clock.advance(2_000);
	expect(await answers).toEqual([2]);
	workers[1]!.down.send({ type: 'answer', id: late[0]!, value: 99 });
	workers[1]!.answering = workers[1]!.peers.answer(() => 1);
	expect((await workers[0]!.peers.ask(QUESTION)).toSorted()).toEqual([1, 2]);
});

it('does not wait for a worker that ends meanwhile', async () => {
	using stack = new DisposableStack();
	const { workers } = cluster(stack, 3);
	await vi.waitFor(async () => expect(await workers[0]!.peers.ask(QUESTION)).toHaveLength(2));
	workers[1]!.answering[Symbol.dispose]();
	const asked = vi.fn();
	workers[1]!.down.listen((message) => message.type === 'ask' && asked());
	const answers = workers[0]!.peers.ask(QUESTION);
	await vi.waitFor(() => expect(asked).toHaveBeenCalled());
	workers[1]!.membership[Symbol.dispose]();
	expect(await answers).toEqual([2]);
});
