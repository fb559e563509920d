import type { Channel } from './channel.ts';

/** The middle of the star: what one worker relays or tells goes to every other one as it came, tags and batches included. */
export class Hub {
	readonly #members = new Set<Channel>();

	/** Takes a worker in until it is disposed. */
	join(channel: Channel): Disposable {
		this.#members.add(channel);
		const listening = channel.listen((message) => {
			if ((message.type !== 'relay' && message.type !== 'news') || !this.#members.has(channel)) return;
			const size = message.type === 'relay' ? message.items.reduce((sum, { head }) => sum + head.length, 0) : 0;
			for (const member of this.#members) if (member !== channel) member.send(message, size);
		});
		return {
			[Symbol.dispose]: () => {
				listening[Symbol.dispose]();
				this.#members.delete(channel);
			}
		};
	}
}
