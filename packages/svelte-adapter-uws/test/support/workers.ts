import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Channel, Message } from '../../src/host/cluster/channel.ts';

/** A channel over one port of a pair: structured clones, in order, in a later turn, as between processes. */
export function portChannel(port: MessagePort): Channel & Disposable {
	return {
		send: (message) => port.postMessage(message),
		listen(receive) {
			const hear = (message: Message): void => receive(message);
			port.on('message', hear);
			return { [Symbol.dispose]: () => void port.off('message', hear) };
		},
		[Symbol.dispose]: () => port.close()
	};
}

/** Both ends of a line between a primary and a worker. */
export function channelPair(): readonly [primary: Channel & Disposable, worker: Channel & Disposable] {
	const { port1, port2 } = new MessageChannel();
	return [portChannel(port1), portChannel(port2)];
}
