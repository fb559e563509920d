import { encodeClientControl } from '../protocol/control.ts';
import { isReservedTopic, MAX_TOPIC_LENGTH } from '../protocol/topic.ts';
import { chunks } from './chunks.ts';
import { onlyOnce } from './guard.ts';

/** Which topics somebody holds, and what the server was told. Reserved topics are counted, but never asked for. */
export interface Subscriptions {
	holds(topic: string): boolean;
	/** Adds a holder; the function that comes back removes it. Throws a TypeError for what no server takes for a topic. */
	subscribe(topic: string): () => void;
	/** Leaves a topic at once, unless somebody holds it. */
	release(topic: string): void;
	/** A socket has opened, whose server knows nothing yet. */
	opened(): void;
	/** The server has subscribed this client. `ordered` = it answers frames in the order in which they came. */
	accepted(topic: string, ordered: boolean): void;
	denied(topic: string, ref: number | string): void;
}

/**
 * Creates the book of one connection. Changes of one microtask travel together; what cancels out does not travel at all. `send` may
 * drop a frame: a socket that opens hears of everything anew. `released` hears of topics that nobody holds any more.
 */
export function createSubscriptions(send: (frame: string) => void, released: (topic: string) => void): Subscriptions {
	const held = new Map<string, number>();
	// Topics that the server of this socket was asked for, with the ref of the question.
	const asked = new Map<string, number>();
	const changed = new Set<string>();
	let ref = 0;

	const ask = (topics: Iterable<string>): void => {
		for (const group of chunks(topics, String)) {
			ref++;
			for (const topic of group) asked.set(topic, ref);
			send(
				encodeClientControl(
					group.length > 1 ? { type: 'subscribe-batch', topics: group, ref } : { type: 'subscribe', topic: group[0]!, ref }
				)
			);
		}
	};
	const leave = (topic: string): void => {
		asked.delete(topic);
		send(encodeClientControl({ type: 'unsubscribe', topic }));
	};
	const change = (topic: string): void => {
		if (changed.size === 0) queueMicrotask(flush);
		changed.add(topic);
	};
	const flush = (): void => {
		const topics = [...changed];
		changed.clear();
		for (const topic of topics) {
			if (held.has(topic)) continue;
			released(topic);
			if (asked.has(topic)) leave(topic);
		}
		ask(topics.filter((topic) => held.has(topic) && !asked.has(topic) && !isReservedTopic(topic)));
	};

	return {
		holds: (topic) => held.has(topic),
		subscribe(topic) {
			if (typeof topic !== 'string' || !topic || topic.length > MAX_TOPIC_LENGTH)
				throw new TypeError(`Topic ${topic}: expected 1 to ${MAX_TOPIC_LENGTH} characters.`);
			const count = held.get(topic) ?? 0;
			held.set(topic, count + 1);
			if (count === 0) change(topic);
			return onlyOnce(() => {
				const left = held.get(topic)! - 1;
				if (left > 0) return void held.set(topic, left);
				held.delete(topic);
				change(topic);
			});
		},
		release(topic) {
			if (!held.has(topic)) leave(topic);
		},
		opened() {
			asked.clear();
			ask([...held.keys()].filter((topic) => !isReservedTopic(topic)));
		},
		accepted(topic, ordered) {
			// Such a server may finish a slow subscribe after the unsubscribe that followed it.
			if (!ordered && !held.has(topic) && !asked.has(topic)) leave(topic);
		},
		denied(topic, answered) {
			if (asked.get(topic) === answered) asked.delete(topic);
		}
	};
}
