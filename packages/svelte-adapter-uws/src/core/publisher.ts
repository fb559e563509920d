import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { Encoded, Envelope, Position } from '../contract/envelope.ts';
import type { BatchedMessage, Origin, PublishOptions } from '../contract/platform.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import { decodeEncoded, encodeData } from '../protocol/envelope-codec.ts';
import type { Violated } from './assertions.ts';
import type { Audience } from './audience.ts';
import type { FanOut } from './fan-out.ts';
import type { Histories } from './histories.ts';
import { isolate } from './isolation.ts';
import { LastHop, positioned, type Leaving } from './last-hop.ts';
import { LIMITS } from './limits.ts';
import { Order, type OrderParts } from './order.ts';
import { Prefixes } from './prefixes.ts';
import type { PublishCounts } from './publish-counts.ts';
import type { Sequencer } from './sequencer.ts';
import type { Shapes } from './shapes.ts';
import type { SizeWarning } from './size-warning.ts';
import type { Taps } from './taps.ts';
import { Turn, type Sender } from './turn.ts';

/** What of `OrderParts` is not the publisher's own. */
type OrderNeeds = Pick<OrderParts, 'store' | 'limit' | 'report' | 'telemetry' | 'lost'>;

export interface PublisherParts extends OrderNeeds {
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

/** An envelope, and what leaves in its place; `undefined` = itself. */
interface Delivery {
	readonly encoded: Encoded;
	readonly leaving: readonly Leaving[] | undefined;
}

/** An envelope of another node. */
interface Seen {
	readonly encoded: Encoded;
	/** Absent where nobody wants to read it. */
	readonly envelope: Envelope | undefined;
	/** `null` = nothing. */
	readonly leaving: readonly Leaving[] | undefined | null;
}

/**
 * The one way from a publish to the sockets: stamp, encode once, fan out, relay, tap. What is published in one turn is
 * fanned out together at its end; everything that one socket gets leaves in the order of the calls.
 */
export class Publisher {
	readonly #parts: PublisherParts;
	/** Where kept topics stand on this node. */
	readonly order: Order;
	readonly #prefixes = new Prefixes();
	readonly #lastHop: LastHop;
	readonly #turn: Turn;

	constructor(parts: PublisherParts) {
		const { histories, audience, taps, shapes } = parts;
		this.#parts = parts;
		this.order = new Order({
			...parts,
			keeps: (topic) => histories.has(topic),
			isHeard: (topic) => audience.of(topic) !== undefined || shapes.has(topic) || taps.want(topic),
			found: (stored) => this.#show({ ...stored, head: this.#encode(stored.topic, stored.event, stored.data) })
		});
		this.#lastHop = new LastHop({ ...parts, encode: (topic, event, data) => this.#encode(topic, event, data) });
		this.#turn = new Turn(parts.fanOut, parts.clock);
	}

	/** Throws a TypeError, before anything has happened, for names and data that cannot travel; and what a shape throws. */
	publish(topic: string, event: string, data: unknown, options?: PublishOptions): boolean {
		const head = this.#encode(topic, event, data);
		const leaving = this.#lastHop.of(topic, event, data, options?.origin);
		if (leaving === null) return false;
		if (options?.seq !== false && this.#parts.histories.keeps(topic)) {
			const copy = (): unknown => decodeEncoded({ topic, head }).data;
			this.#parts.histories.append({ topic, event, data, copy }, (position) => {
				const kept = this.#stamp(topic, head, options, position);
				const isRelayed = this.#relay(kept, options);
				const tell = (): void => this.#tap(kept, event, data, options?.origin);
				const show = (): void => {
					this.#deliver(kept, leaving);
					tell();
				};
				if (!position) show();
				else if (!isRelayed && this.#parts.bus && !this.#parts.histories.isApart(topic)) this.order.skip(topic, show);
				else this.order.pass(topic, { position, show, tell });
			});
			return true;
		}
		const encoded = this.#stamp(topic, head, options);
		const heard = this.#deliver(encoded, leaving);
		const isRelayed = this.#relay(encoded, options);
		this.#tap(encoded, event, data, options?.origin);
		return isRelayed || heard;
	}

	/** Publishes messages that belong together. Throws, before anything has happened, when one of them cannot travel. */
	publishTogether(messages: readonly BatchedMessage[]): void {
		if (messages.some(({ topic }) => this.#parts.histories.keeps(topic))) {
			for (const { topic, event, data } of messages) this.#encode(topic, event, data);
			for (const { topic, event, data, options } of messages) this.publish(topic, event, data, options);
			return;
		}
		const ready = messages.flatMap((message) => {
			const { topic, event, data, options } = message;
			const head = this.#encode(topic, event, data);
			const leaving = this.#lastHop.of(topic, event, data, options?.origin);
			return leaving === null ? [] : [{ message, head, leaving }];
		});
		const batch = ready.map(({ message, head, leaving }) => ({
			message,
			leaving,
			encoded: this.#stamp(message.topic, head, message.options)
		}));
		this.#deliverTogether(batch);
		const { bus, counts } = this.#parts;
		for (const { encoded } of batch) counts.count(encoded.topic, encoded.head.length);
		const relayed = batch.filter(({ message }) => isForOthers(message.options)).map(({ encoded }) => encoded);
		if (relayed.length > 0) bus?.relay(relayed);
		for (const { message, encoded } of batch) this.#tap(encoded, message.event, message.data, message.options?.origin);
	}

	/** Envelopes that another node relayed, and that were published together. They go to the sockets of this node and no further. */
	receive(messages: readonly Encoded[]): void {
		const { histories, taps } = this.#parts;
		// What has a place in a history comes when it is its turn.
		if (messages.length === 1 || messages.some(({ topic, position }) => position && histories.has(topic))) {
			for (const encoded of messages) this.#receive(encoded);
			return;
		}
		const seen = messages.flatMap((encoded) => this.#look(encoded) ?? []);
		this.#deliverTogether(seen.flatMap(({ encoded, leaving }) => (leaving === null ? [] : [{ encoded, leaving }])));
		for (const { envelope } of seen) if (envelope) taps.run(envelope, 'remote');
	}

	#receive(encoded: Encoded): void {
		const { topic, position } = encoded;
		if (!position || !this.#parts.histories.has(topic)) return this.#show(encoded);
		if (this.#parts.histories.isApart(topic)) return this.#adopt(encoded);
		this.order.pass(topic, { position, show: () => this.#show(encoded), tell: () => this.#tell(encoded) });
	}

	/** Keeps an envelope of another node under a number of this one. */
	#adopt({ topic, head }: Encoded): void {
		const { histories } = this.#parts;
		const envelope = histories.keeps(topic) ? this.#read({ topic, head }) : undefined;
		if (!envelope) return this.#show({ topic, head });
		const { event, data } = envelope;
		histories.append({ topic, event, data, copy: () => data }, (position) => {
			const kept = position ? { topic, head, position } : { topic, head };
			const show = (): void => this.#show(kept);
			if (position) this.order.pass(topic, { position, show, tell: () => this.#tell(kept) });
			else show();
		});
	}

	/** Sends to one socket, after everything that was published before. */
	send(socket: Socket, frame: Frame, sender?: Sender): SendStatus {
		return this.#turn.send(socket, frame, sender);
	}

	/** Fans out what is pending now. Whoever changes what a socket hears calls this first, so that the change takes effect in its place. */
	flush(): void {
		this.#turn.flush();
	}

	/** The text of an envelope up to its position. */
	#encode(topic: string, event: string, data: unknown): string {
		const head = this.#prefixes.get(topic, event) + encodeData(data);
		if (head.length > LIMITS.frameSize) this.#parts.sizeWarning.warn(topic, event, head.length);
		return head;
	}

	#stamp(topic: string, head: string, options: PublishOptions | undefined, kept?: Position): Encoded {
		if (options?.seq === false) return { topic, head };
		const position = kept ?? this.#parts.sequencer.next(topic);
		if (options?.stamped) this.#tellStamped(options.stamped, position);
		return { topic, head, position };
	}

	#tellStamped(stamped: (position: Position) => unknown, position: Position): void {
		isolate(
			() => stamped(position),
			(error) => this.#parts.report('stamped', error)
		);
	}

	/** Shows this node what comes from elsewhere. */
	#show(encoded: Encoded): void {
		const seen = this.#look(encoded);
		if (!seen) return;
		if (seen.leaving !== null) this.#deliver(encoded, seen.leaving);
		if (seen.envelope) this.#parts.taps.run(seen.envelope, 'remote');
	}

	/** What comes from elsewhere, read where somebody wants to read it; `undefined` = nobody can. */
	#look(encoded: Encoded): Seen | undefined {
		const { shapes, taps } = this.#parts;
		const { topic } = encoded;
		const envelope = shapes.has(topic) || taps.want(topic) ? this.#read(encoded) : undefined;
		if (envelope === null) return undefined;
		return { encoded, envelope, leaving: envelope && this.#lastHop.of(topic, envelope.event, envelope.data, 'remote') };
	}

	/** Shows the taps alone what comes from elsewhere. */
	#tell(encoded: Encoded): void {
		const { taps } = this.#parts;
		const envelope = taps.want(encoded.topic) ? this.#read(encoded) : null;
		if (envelope) taps.run(envelope, 'remote');
	}

	/** `null` = nobody can read it. */
	#read(encoded: Encoded): Envelope | null {
		try {
			return decodeEncoded(encoded);
		} catch {
			this.#parts.violated('relay.unreadable', { topic: encoded.topic });
			return null;
		}
	}

	/** Tells other nodes; true when it did. */
	#relay(encoded: Encoded, options: PublishOptions | undefined): boolean {
		const { bus, counts } = this.#parts;
		counts.count(encoded.topic, encoded.head.length);
		if (!bus || !isForOthers(options)) return false;
		bus.relay([encoded]);
		return true;
	}

	/** Shows the taps what was published here; last, because a tap may publish, and what it publishes must follow this envelope everywhere. */
	#tap({ topic, position }: Encoded, event: string, data: unknown, origin: Origin = 'local'): void {
		const { taps } = this.#parts;
		if (taps.want(topic)) taps.run(position ? { topic, event, data, position } : { topic, event, data }, origin);
	}

	/** Queues what the sockets of this node get of an envelope; false when nobody gets anything. */
	#deliver(encoded: Encoded, leaving: readonly Leaving[] | undefined): boolean {
		if (leaving) {
			for (const one of leaving) {
				const last = positioned(one, encoded.position);
				if (one.coalesceKey === undefined) this.#turn.add(last);
				else this.#turn.coalesce(last, one.coalesceKey);
			}
			return leaving.length > 0;
		}
		if (this.#parts.audience.of(encoded.topic) === undefined) return false;
		this.#turn.add(encoded);
		return true;
	}

	#deliverTogether(batch: readonly Delivery[]): void {
		// What is coalesced has to be found again one by one.
		if (batch.some(({ leaving }) => leaving?.some(({ coalesceKey }) => coalesceKey !== undefined)))
			for (const { encoded, leaving } of batch) this.#deliver(encoded, leaving);
		else this.#turn.together(batch.flatMap(({ encoded, leaving }) => this.#outgoing(encoded, leaving)));
	}

	#outgoing(encoded: Encoded, leaving: readonly Leaving[] | undefined): readonly Encoded[] {
		if (leaving) return leaving.map((one) => positioned(one, encoded.position));
		return this.#parts.audience.of(encoded.topic) === undefined ? [] : [encoded];
	}
}

function isForOthers({ relay = true, origin = 'local' }: PublishOptions = {}): boolean {
	return relay && origin === 'local';
}
