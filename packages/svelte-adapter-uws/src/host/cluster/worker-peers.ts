import type { Peers, Question } from '../../contract/peers.ts';
import type { Channel } from './channel.ts';

/** The other workers of this machine, asked and told through the primary. */
export function workerPeers(channel: Channel): Peers {
	const waiting = new Map<number, (values: readonly number[]) => void>();
	let last = 0;
	channel.listen((message) => {
		if (message.type !== 'answers') return;
		waiting.get(message.id)?.(message.values);
		waiting.delete(message.id);
	});
	return {
		answer: (reply) =>
			channel.listen((message) => {
				if (message.type === 'ask') channel.send({ type: 'answer', id: message.id, value: reply(message.question) });
			}),
		ask: (question: Question) =>
			new Promise((resolve) => {
				const id = ++last;
				waiting.set(id, resolve);
				channel.send({ type: 'ask', id, question });
			}),
		tell: (news) => channel.send({ type: 'news', news }),
		heed: (hear) =>
			channel.listen((message) => {
				if (message.type === 'news') hear(message.news);
			})
	};
}
