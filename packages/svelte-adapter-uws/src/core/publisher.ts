import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { Encoded, Envelope, Position } from '../contract/envelope.ts';
import type { BatchedMessage, PublishOptions } from '../contract/platform.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import { decodeEncoded, encodeData } from '../protocol/envelope-codec.ts';
import type { Violated } from './assertions.ts';
import type { Audience } from './audience.ts';
import type { FanOut } from './fan-out.ts';
import type { Histories } from './histories.ts';
import { LIMITS } from './limits.ts';
import { Prefixes } from './prefixes.ts';
import type { PublishCounts } from './publish-counts.ts';
import type { Sequencer } from './sequencer.ts';
import type { Shapes } from './shapes.ts';
import type { SizeWarning } from './size-warning.ts';
import type { Taps } from './taps.ts';

/** A frame that one socket must not see before what was published before it. */
interface DirectSend {
	readonly socket: Socket;
	readonly frame: Frame;
}
/** Envelopes of several topics that were published together. */
interface Together {
	readonly together: readonly Encoded[];
}
/** An envelope that takes the place of the one before it with this key. */
interface Newest {
	readonly newest: Encoded;
	readonly key: string;
}
type Pending = Encoded | DirectSend | Together | Newest;

/** What leaves for the sockets of this node, without the position of the envelope that it was made of. */
interface Leaving {
	readonly topic: string;
	readonly head: string;
	readonly seq: boolean;
	readonly coalesceKey: string | undefined;
}

export interface PublisherParts {
	readonly audience: Audience;
	readonly sequencer: Sequencer;
	readonly fanOut: FanOut;
	readonly shapes: Shapes;
	readonly histories: Histories;
	readonly taps: Taps;
	readonly sizeWarning: SizeWarning;
	readonly violated: Violated;
	readonly counts: PublishCounts;
	readonly bus: Bus | undefined;
	readonly clock: Clock;
}

/**
 * The one way from a publish to the sockets: stamp, encode once, fan out, relay, tap. What is published in one turn is
 * fanned out together at its end; everything that one socket gets leaves in the order of the calls.
 */
export class Publisher {
	readonly #parts: PublisherParts;
	readonly #prefixes = new Prefixes();
	readonly #flushLater: () => void;
	/** `undefined` = coalesced away. */
	#pending: (Pending | undefined)[] = [];
	#pendingSize = 0;
	/** Where in `#pending` the last frame with each coalesce key stands. */
	readonly #coalesced = new Map<string, number>();
	#scheduled = false;

	constructor(parts: PublisherParts) {
		this.#parts = parts;
		this.#flushLater = () => {
			this.#scheduled = false;
			this.flush();
		};
	}

	/** Throws a TypeError, before anything has happened, for names and data that cannot travel; and what a shape throws. */
	publish(topic: string, event: string, data: unknown, options?: PublishOptions): boolean {
		const head = this.#encode(topic, event, data);
		const leaving = this.#parts.shapes.has(topic) ? this.#shape(topic, event, data, 'local') : undefined;
		if (leaving === null) return false;
		if (options?.seq !== false && this.#parts.histories.keeps(topic)) {
			this.#parts.histories.append(topic, event, data, (position) => {
				const kept = this.#stamp(topic, head, options, position);
				this.#deliver(kept, leaving);
				this.#announce(kept, event, data, options);
			});
			return true;
		}
		const encoded = this.#stamp(topic, head, options);
		const heard = this.#deliver(encoded, leaving);
		return this.#announce(encoded, event, data, options) || heard;
	}

	/** Publishes messages that belong together. Throws, before anything has happened, when one of them cannot travel. */
	publishTogether(messages: readonly BatchedMessage[]): void {
		if (messages.some(({ topic }) => this.#parts.histories.keeps(topic))) {
			for (const { topic, event, data } of messages) this.#encode(topic, event, data);
			for (const { topic, event, data, options } of messages) this.publish(topic, event, data, options);
			return;
		}
		const ready = messages.flatMap((message) => {
			const { topic, event, data } = message;
			const head = this.#encode(topic, event, data);
			const leaving = this.#shape(topic, event, data, 'local');
			return leaving === null ? [] : [{ message, head, leaving }];
		});
		const batch = ready.map(({ message, head }) => this.#stamp(message.topic, head, message.options));
		// What is coalesced has to be found again one by one.
		if (ready.some(({ leaving }) => leaving?.some(({ coalesceKey }) => coalesceKey !== undefined)))
			ready.forEach(({ leaving }, i) => this.#deliver(batch[i]!, leaving));
		else this.#deliverTogether(ready.flatMap(({ leaving }, i) => this.#outgoing(batch[i]!, leaving)));
		ready.forEach(({ message: { event, data, options } }, i) => this.#announce(batch[i]!, event, data, options));
	}

	/** An envelope that another node relayed. It goes to the sockets of this node and no further. */
	receive(encoded: Encoded): void {
		const { shapes, taps } = this.#parts;
		const { topic } = encoded;
		let envelope: Envelope | undefined;
		try {
			if (shapes.has(topic) || taps.want(topic)) envelope = decodeEncoded(encoded);
		} catch {
			return this.#parts.violated('relay.unreadable', { topic });
		}
		const leaving = envelope && this.#shape(topic, envelope.event, envelope.data, 'remote');
		if (leaving !== null) this.#deliver(encoded, leaving);
		if (envelope) taps.run(envelope, 'remote');
	}

	/** Sends to one socket, after everything that was published before. */
	send(socket: Socket, frame: Frame): SendStatus {
		if (this.#pending.length === 0) return socket.send(frame);
		// The caller may write to its bytes again once this returns.
		this.#queue({ socket, frame: typeof frame === 'string' ? frame : frame.slice() }, frame.length);
		return 'queued';
	}

	/** Fans out what is pending now. Whoever changes what a socket hears calls this first, so that the change takes effect in its place. */
	flush(): void {
		if (this.#pending.length === 0) return;
		const pending = (this.#coalesced.size > 0 ? this.#pending.filter(Boolean) : this.#pending) as readonly Pending[];
		this.#pending = [];
		this.#pendingSize = 0;
		this.#coalesced.clear();
		for (let i = 0; i < pending.length;) {
			const item = pending[i]!;
			if ('socket' in item) i = sendRun(pending, i, item.socket);
			else if ('together' in item) {
				this.#parts.fanOut.together(item.together);
				i++;
			} else if ('newest' in item) {
				this.#parts.fanOut.newest(item.newest, item.key);
				i++;
			} else {
				const run = [item];
				for (let next = pending[++i]; next && 'topic' in next && next.topic === item.topic; next = pending[++i]) run.push(next);
				this.#parts.fanOut.run(run);
			}
		}
	}

	/** The text of an envelope up to its position. */
	#encode(topic: string, event: string, data: unknown): string {
		const head = this.#prefixes.get(topic, event) + encodeData(data);
		if (head.length > LIMITS.frameSize) this.#parts.sizeWarning.warn(topic, event, head.length);
		return head;
	}

	/** What leaves in the place of an envelope, to topics that somebody holds; `undefined` = the envelope itself, `null` = nothing at all. */
	#shape(topic: string, event: string, data: unknown, origin: 'local' | 'remote'): readonly Leaving[] | undefined | null {
		const shaped = this.#parts.shapes.apply(topic, event, data, origin);
		if (!shaped) return shaped;
		const leaving: Leaving[] = [];
		for (const one of shaped) {
			const to = one.topic ?? topic;
			if (this.#parts.audience.of(to) === undefined) continue;
			const { event: name, seq, coalesceKey } = one;
			leaving.push({ topic: to, head: this.#encode(to, name, one.data), seq: seq !== false, coalesceKey });
		}
		return leaving;
	}

	#stamp(topic: string, head: string, options: PublishOptions | undefined, kept?: Position): Encoded {
		if (options?.seq === false) return { topic, head };
		const position = kept ?? this.#parts.sequencer.next(topic);
		options?.stamped?.(position);
		return { topic, head, position };
	}

	/** Tells other nodes and the taps; true when it was relayed. */
	#announce(encoded: Encoded, event: string, data: unknown, options: PublishOptions | undefined): boolean {
		const { bus, taps, counts } = this.#parts;
		counts.count(encoded.topic, encoded.head.length);
		const isRelayed = bus !== undefined && options?.relay !== false;
		if (isRelayed) bus.relay(encoded);
		// Last, because a tap may publish, and what it publishes must follow this envelope everywhere.
		const { topic, position } = encoded;
		if (taps.want(topic)) taps.run(position ? { topic, event, data, position } : { topic, event, data }, 'local');
		return isRelayed;
	}

	/** Queues what the sockets of this node get of an envelope; false when nobody gets anything. */
	#deliver(encoded: Encoded, leaving: readonly Leaving[] | undefined): boolean {
		if (leaving) {
			for (const one of leaving) {
				const last = encodedOf(one, encoded.position);
				if (one.coalesceKey === undefined) this.#queue(last, last.head.length);
				else this.#coalesce(last, one.coalesceKey);
			}
			return leaving.length > 0;
		}
		if (this.#parts.audience.of(encoded.topic) === undefined) return false;
		this.#queue(encoded, encoded.head.length);
		return true;
	}

	#deliverTogether(heard: readonly Encoded[]): void {
		const [first] = heard;
		const isOneTopic = heard.every(({ topic }) => topic === first?.topic);
		// A run of one topic leaves as one frame anyway, along with its neighbours.
		if (isOneTopic) for (const encoded of heard) this.#queue(encoded, encoded.head.length);
		else
			this.#queue(
				{ together: heard },
				heard.reduce((sum, { head }) => sum + head.length, 0)
			);
	}

	#outgoing(encoded: Encoded, leaving: readonly Leaving[] | undefined): readonly Encoded[] {
		if (leaving) return leaving.map((one) => encodedOf(one, encoded.position));
		return this.#parts.audience.of(encoded.topic) === undefined ? [] : [encoded];
	}

	/** Queues an envelope in the place of the one that waits with this key. */
	#coalesce(newest: Encoded, coalesceKey: string): void {
		// A topic holds no control character, so the two cannot be mistaken.
		const name = `${newest.topic}\n${coalesceKey}`;
		const before = this.#coalesced.get(name);
		if (before !== undefined) {
			this.#pendingSize -= (this.#pending[before] as Newest).newest.head.length;
			this.#pending[before] = undefined;
		}
		this.#coalesced.set(name, this.#pending.length);
		this.#queue({ newest, key: coalesceKey }, newest.head.length);
	}

	#queue(item: Pending, size: number): void {
		this.#pending.push(item);
		this.#pendingSize += size;
		if (this.#pending.length >= LIMITS.pendingFrames || this.#pendingSize >= LIMITS.pendingSize) return this.flush();
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#parts.clock.soon(this.#flushLater);
	}
}

function encodedOf({ topic, head, seq }: Leaving, position: Position | undefined): Encoded {
	return seq && position ? { topic, head, position } : { topic, head };
}

/** Sends a run of frames to one socket in one write; gives the index behind it. */
function sendRun(pending: readonly Pending[], start: number, socket: Socket): number {
	const isNext = (item: Pending | undefined): item is DirectSend =>
		item !== undefined && 'socket' in item && item.socket === socket;
	let end = start;
	socket.cork(() => {
		for (let next = pending[end]; isNext(next); next = pending[++end]) socket.send(next.frame);
	});
	// A closed socket does not call back.
	while (isNext(pending[end])) end++;
	return end;
}
