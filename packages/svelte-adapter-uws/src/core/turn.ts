import type { Clock } from '../contract/clock.ts';
import type { Encoded } from '../contract/envelope.ts';
import type { Frame, SendStatus, Socket } from '../contract/transport.ts';
import type { FanOut } from './fan-out.ts';
import { LIMITS } from './limits.ts';

/** A frame that one socket must not see before what was published before it. */
interface DirectSend {
	readonly socket: Socket;
	readonly frame: Frame;
	readonly sender: Sender | undefined;
}
/** Who has to know that a frame found no room. */
export interface Sender {
	missed(): void;
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

/** What leaves at the end of this turn, in the order of the calls. */
export class Turn {
	readonly #fanOut: FanOut;
	readonly #clock: Clock;
	readonly #flushLater: () => void;
	/** `undefined` = coalesced away. */
	#pending: (Pending | undefined)[] = [];
	#size = 0;
	/** Where in `#pending` the last frame with each coalesce key stands. */
	readonly #coalesced = new Map<string, number>();
	#scheduled = false;

	constructor(fanOut: FanOut, clock: Clock) {
		this.#fanOut = fanOut;
		this.#clock = clock;
		this.#flushLater = () => {
			this.#scheduled = false;
			this.flush();
		};
	}

	/** An envelope for who holds its topic. */
	add(encoded: Encoded): void {
		this.#queue(encoded, encoded.head.length);
	}

	/** Envelopes that belong together. */
	together(envelopes: readonly Encoded[]): void {
		const [first] = envelopes;
		const isOneTopic = envelopes.every(({ topic }) => topic === first?.topic);
		// A run of one topic leaves as one frame anyway, along with its neighbours.
		if (isOneTopic) for (const encoded of envelopes) this.add(encoded);
		else
			this.#queue(
				{ together: envelopes },
				envelopes.reduce((sum, { head }) => sum + head.length, 0)
			);
	}

	/** An envelope in the place of the one that waits with this key. */
	coalesce(newest: Encoded, coalesceKey: string): void {
		// A topic holds no control character, so the two cannot be mistaken.
		const name = `${newest.topic}\n${coalesceKey}`;
		const before = this.#coalesced.get(name);
		if (before !== undefined) {
			this.#size -= (this.#pending[before] as Newest).newest.head.length;
			this.#pending[before] = undefined;
		}
		this.#coalesced.set(name, this.#pending.length);
		this.#queue({ newest, key: coalesceKey }, newest.head.length);
	}

	/** A frame for one socket; it leaves at once when nothing waits. */
	send(socket: Socket, frame: Frame, sender?: Sender): SendStatus {
		if (this.#pending.length === 0) return sendTo(socket, frame, sender);
		// The caller may write to its bytes again once this returns.
		this.#queue({ socket, frame: typeof frame === 'string' ? frame : frame.slice(), sender }, frame.length);
		return 'queued';
	}

	/** Lets out what waits. */
	flush(): void {
		if (this.#pending.length === 0) return;
		const pending = (this.#coalesced.size > 0 ? this.#pending.filter(Boolean) : this.#pending) as readonly Pending[];
		this.#pending = [];
		this.#size = 0;
		this.#coalesced.clear();
		for (let i = 0; i < pending.length;) {
			const item = pending[i]!;
			if ('socket' in item) i = sendRun(pending, i, item.socket);
			else if ('together' in item) {
				this.#fanOut.together(item.together);
				i++;
			} else if ('newest' in item) {
				this.#fanOut.newest(item.newest, item.key);
				i++;
			} else {
				const run = [item];
				for (let next = pending[++i]; next && 'topic' in next && next.topic === item.topic; next = pending[++i]) run.push(next);
				this.#fanOut.run(run);
			}
		}
	}

	#queue(item: Pending, size: number): void {
		this.#pending.push(item);
		this.#size += size;
		if (this.#pending.length >= LIMITS.pendingFrames || this.#size >= LIMITS.pendingSize) return this.flush();
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#clock.soon(this.#flushLater);
	}
}

/** Sends a run of frames to one socket in one write; gives the index behind it. */
function sendRun(pending: readonly Pending[], start: number, socket: Socket): number {
	const isNext = (item: Pending | undefined): item is DirectSend =>
		item !== undefined && 'socket' in item && item.socket === socket;
	let end = start;
	socket.cork(() => {
		for (let next = pending[end]; isNext(next); next = pending[++end]) sendTo(socket, next.frame, next.sender);
	});
	// A closed socket does not call back.
	while (isNext(pending[end])) end++;
	return end;
}

function sendTo(socket: Socket, frame: Frame, sender: Sender | undefined): SendStatus {
	const status = socket.send(frame);
	if (status === 'dropped') sender?.missed();
	return status;
}
