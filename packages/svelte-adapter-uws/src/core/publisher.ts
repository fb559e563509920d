import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { Encoded } from '../contract/envelope.ts';
import type { BatchedMessage, PublishOptions } from '../contract/platform.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import { decodeEncoded, encodeData } from '../protocol/envelope-codec.ts';
import type { Audience } from './audience.ts';
import type { FanOut } from './fan-out.ts';
import { LIMITS } from './limits.ts';
import { Prefixes } from './prefixes.ts';
import type { Sequencer } from './sequencer.ts';
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
type Pending = Encoded | DirectSend | Together;

export interface PublisherParts {
	readonly audience: Audience;
	readonly sequencer: Sequencer;
	readonly fanOut: FanOut;
	readonly taps: Taps;
	readonly sizeWarning: SizeWarning;
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
	#pending: Pending[] = [];
	#pendingSize = 0;
	#scheduled = false;

	constructor(parts: PublisherParts) {
		this.#parts = parts;
		this.#flushLater = () => {
			this.#scheduled = false;
			this.flush();
		};
	}

	/** Throws a TypeError, before anything has happened, for names and data that cannot travel. */
	publish(topic: string, event: string, data: unknown, options?: PublishOptions): boolean {
		const encoded = this.#stamp(topic, this.#encode(topic, event, data), options);
		const heard = this.#parts.audience.of(topic) !== undefined;
		if (heard) this.#queue(encoded, encoded.head.length);
		return this.#announce(encoded, event, data, options) || heard;
	}

	/** Publishes messages that belong together. Throws, before anything has happened, when one of them cannot travel. */
	publishTogether(messages: readonly BatchedMessage[]): void {
		const heads = messages.map(({ topic, event, data }) => this.#encode(topic, event, data));
		const batch = messages.map(({ topic, options }, i) => this.#stamp(topic, heads[i]!, options));
		const heard = batch.filter(({ topic }) => this.#parts.audience.of(topic) !== undefined);
		const [first] = heard;
		const isOneTopic = heard.every(({ topic }) => topic === first?.topic);
		// A run of one topic leaves as one frame anyway, along with its neighbours.
		if (isOneTopic) for (const encoded of heard) this.#queue(encoded, encoded.head.length);
		else
			this.#queue(
				{ together: heard },
				heard.reduce((sum, { head }) => sum + head.length, 0)
			);
		messages.forEach(({ event, data, options }, i) => this.#announce(batch[i]!, event, data, options));
	}

	/** An envelope that another node relayed. It goes to the sockets of this node and no further. */
	receive(encoded: Encoded): void {
		if (this.#parts.audience.of(encoded.topic)) this.#queue(encoded, encoded.head.length);
		if (this.#parts.taps.size > 0) this.#parts.taps.run(decodeEncoded(encoded), 'remote');
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
		const pending = this.#pending;
		if (pending.length === 0) return;
		this.#pending = [];
		this.#pendingSize = 0;
		for (let i = 0; i < pending.length;) {
			const item = pending[i]!;
			if ('socket' in item) i = sendRun(pending, i, item.socket);
			else if ('together' in item) {
				this.#parts.fanOut.together(item.together);
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

	#stamp(topic: string, head: string, options: PublishOptions | undefined): Encoded {
		return options?.seq === false ? { topic, head } : { topic, head, position: this.#parts.sequencer.next(topic) };
	}

	/** Tells other nodes and the taps; true when it was relayed. */
	#announce(encoded: Encoded, event: string, data: unknown, options: PublishOptions | undefined): boolean {
		const { bus, taps } = this.#parts;
		const isRelayed = bus !== undefined && options?.relay !== false;
		if (isRelayed) bus.relay(encoded);
		// Last, because a tap may publish, and what it publishes must follow this envelope everywhere.
		const { topic, position } = encoded;
		if (taps.size > 0) taps.run(position ? { topic, event, data, position } : { topic, event, data }, 'local');
		return isRelayed;
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
