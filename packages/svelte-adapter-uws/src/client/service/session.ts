import type { Envelope } from '../../contract/envelope.ts';
import type { Core } from '../client.ts';

/** What the browser half of a plugin does with a connection while somebody watches. */
export interface PluginSession {
	/** The reserved topic that is heard. */
	readonly topic: string;
	readonly hear: (envelope: Envelope) => void;
	/** What is asked on every socket that opens, and now if one is open. */
	readonly ask: () => object;
}

/** Hears the reserved topic of a plugin, and asks the server each time a socket has opened; the function that comes back ends both. */
export function startSession(client: Core, { topic, hear, ask }: PluginSession): () => void {
	const send = (): void => void client.sendNow(JSON.stringify(ask()));
	const stops = [client.listen(topic, (envelopes) => envelopes.forEach(hear)), client.onOpen(send)];
	let isOver = false;
	// Behind the subscribes of this turn, which may be those that let the client in.
	queueMicrotask(() => {
		if (!isOver && client.connected) send();
	});
	return () => {
		isOver = true;
		for (const stop of stops) stop();
	};
}
