import type { Envelope } from '../../contract/envelope.ts';
import type { PageClient } from '../page.ts';

/** What the browser half of a plugin does with a connection while somebody watches. */
export interface PluginSession {
	/** The reserved topic that is heard. */
	readonly topic: string;
	/** `again` asks once more. */
	readonly hear: (envelope: Envelope, again: () => void) => void;
	/** What is asked on every socket that opens, and now if one is open. */
	readonly ask: () => object;
	/** The server joins this client to the topic when it is asked, and is told when nobody hears it any more. */
	readonly joins?: boolean;
}

/** Hears the reserved topic of a plugin, and asks the server each time a socket has opened; the function that comes back ends both. */
export function startSession(client: PageClient, { topic, hear, ask, joins = false }: PluginSession): () => void {
	const send = (): void => void client.sendNow(JSON.stringify(ask()));
	const stops = [client.listen(topic, (envelopes) => envelopes.forEach((envelope) => hear(envelope, send))), client.onOpen(send)];
	if (joins) stops.push(join(client, topic));
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

/** Counts the sessions of a topic; after the last one the server is told that nobody hears it any more. */
function join(client: PageClient, topic: string): () => void {
	const joined = (client.joined ??= new Map<string, number>());
	joined.set(topic, (joined.get(topic) ?? 0) + 1);
	return () => {
		joined.set(topic, joined.get(topic)! - 1);
		// Not before the end of this turn: the next page may watch what the one before did.
		queueMicrotask(() => {
			if (joined.get(topic) === 0 && joined.delete(topic)) client.release(topic);
		});
	};
}
