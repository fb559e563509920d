import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { Encoded, Envelope, Position } from '../contract/envelope.ts';
import type { Log } from '../contract/log.ts';
import type { Origin, PublishOptions, Tap } from '../contract/platform.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import { decodeEncoded, encodeData, encodePrefix } from '../protocol/envelope-codec.ts';
import type { Audience } from './audience.ts';
import type { FanOut } from './fan-out.ts';
import { LIMITS } from './limits.ts';
import type { Sequencer } from './sequencer.ts';

/** A frame that one socket must not see before what was published before it. */
interface DirectSend {
	readonly socket: Socket;
	readonly frame: Frame;
}
type Pending = Encoded | DirectSend;

export interface PublisherParts {
	readonly audience: Audience;
	readonly sequencer: Sequencer;
	readonly fanOut: FanOut;
	readonly bus: Bus | undefined;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
}

/**
 * The one way from a publish to the sockets: stamp, encode once, relay, fan out, tap. What is published in one turn is
 * fanned out together at its end; everything that one socket gets leaves in the order of the calls.
 */
export class Publisher {
	readonly #parts: PublisherParts;
	readonly #taps = new Set<Tap>();
	#pending: Pending[] = [];
	#pendingSize = 0;
	#scheduled = false;
	#warned = false;

	constructor(parts: PublisherParts) {
		this.#parts = parts;
	}

	/** Throws a TypeError, before anything has happened, for names and data that cannot travel. */
	publish(topic: string, event: string, data: unknown, options?: PublishOptions): boolean {
		const head = encodePrefix(topic, event) + encodeData(data);
		const encoded: Encoded = options?.seq === false ? { topic, head } : { topic, head, position: this.#stamp(topic) };
		const heard = this.#fanOut(encoded);
		const relayed = this.#parts.bus !== undefined && options?.relay !== false;
		if (relayed) this.#parts.bus?.relay(encoded);
		// Last, because a tap may publish, and what it publishes must follow this envelope everywhere.
		if (this.#taps.size > 0) this.#tap(encoded.position ? { topic, event, data, position: encoded.position } : { topic, event, data }, 'local');
		return heard || relayed;
	}

	/** An envelope that another node relayed. It goes to the sockets of this node and no further. */
	receive(encoded: Encoded): void {
		this.#fanOut(encoded);
		if (this.#taps.size > 0) this.#tap(decodeEncoded(encoded), 'remote');
	}

	/** Sends to one socket, after everything that was published before. */
	send(socket: Socket, frame: Frame): SendStatus {
		if (this.#pending.length === 0) return socket.send(frame);
		this.#queue({ socket, frame }, frame.length);
		return 'queued';
	}

	/** Fans out what is pending now. Whoever changes what a socket hears calls this first, so that the change takes effect in its place. */
	flush(): void {
		const pending = this.#pending;
		if (pending.length === 0) return;
		this.#pending = [];
		this.#pendingSize = 0;
		for (let i = 0; i < pending.length; ) {
			const item = pending[i]!;
			if ('socket' in item) {
				i = this.#sendRun(pending, i, item.socket);
				continue;
			}
			const run: Encoded[] = [];
			for (let next: Pending | undefined = item; next && !('socket' in next) && next.topic === item.topic; next = pending[++i]) run.push(next);
			this.#parts.fanOut.publish(item.topic, run);
		}
	}

	tap(tap: Tap): Disposable {
		this.#taps.add(tap);
		return { [Symbol.dispose]: () => void this.#taps.delete(tap) };
	}

	#stamp(topic: string): Position {
		const position = this.#parts.sequencer.next(topic);
		if (this.#parts.sequencer.size >= LIMITS.sequencedTopics && !this.#warned) {
			this.#warned = true;
			this.#parts.telemetry({ name: 'limit.sequencedTopics' });
			this.#parts.log.warn(`${LIMITS.sequencedTopics} topics have a sequence counter. Publish short-lived topics with { seq: false }.`);
		}
		return position;
	}

	#fanOut(encoded: Encoded): boolean {
		if (!this.#parts.audience.of(encoded.topic)) return false;
		this.#queue(encoded, encoded.head.length);
		return true;
	}

	#queue(item: Pending, size: number): void {
		this.#pending.push(item);
		this.#pendingSize += size;
		if (this.#pending.length >= LIMITS.pendingFrames || this.#pendingSize >= LIMITS.pendingSize) return this.flush();
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#parts.clock.soon(() => {
			this.#scheduled = false;
			this.flush();
		});
	}

	/** Sends a run of frames to one socket in one write; gives the index behind it. */
	#sendRun(pending: readonly Pending[], start: number, socket: Socket): number {
		let end = start;
		for (let next = pending[end]; next && 'socket' in next && next.socket === socket; next = pending[end]) end++;
		socket.cork(() => {
			for (let i = start; i < end; i++) socket.send((pending[i] as DirectSend).frame);
		});
		return end;
	}

	#tap(envelope: Envelope, origin: Origin): void {
		for (const tap of this.#taps) {
			try {
				tap(envelope, origin);
			} catch (error) {
				this.#parts.telemetry({ name: 'tap.failed' });
				this.#parts.log.error('A tap threw; the publish went on.', error);
			}
		}
	}
}
