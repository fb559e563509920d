import type { Clock } from '../contract/clock.ts';
import type { Frame, Listener, SendStatus, Socket, SocketHandler } from '../contract/transport.ts';
import { Topics } from '../transport/shared/topics.ts';
import type { ChaosState } from './chaos.ts';

/** What the sockets of one listener share. */
interface Shared {
	readonly state: ChaosState;
	readonly clock: Clock;
	readonly topics: Topics<ChaoticSocket>;
	/** Frames that wait, over all sockets. */
	waiting: number;
}

/** Stands between a transport and its handler, and does to outbound frames what the scenario says. */
export class Chaotic {
	readonly #shared: Shared;

	constructor(state: ChaosState, clock: Clock) {
		this.#shared = { state, clock, topics: new Topics(), waiting: 0 };
	}

	handler<Data>(handler: SocketHandler<Data>): SocketHandler<Data> {
		return {
			upgrade: (request) => handler.upgrade(request),
			open: (socket, data) => {
				const chaotic = new ChaoticSocket(socket, this.#shared);
				const events = handler.open(chaotic, data);
				return {
					message: (frame) => events.message(frame),
					drain: () => events.drain(),
					closed(code, reason) {
						chaotic.ended();
						events.closed(code, reason);
					}
				};
			}
		};
	}

	listener(listener: Listener): Listener {
		const { state, topics } = this.#shared;
		return {
			port: listener.port,
			stopAccepting: () => listener.stopAccepting(),
			[Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
			publish: (topic, frame) => {
				// Socket by socket only where it has to be: tests are to see the engine's own fan-out.
				if (state.scenario === null && this.#shared.waiting === 0) listener.publish(topic, frame);
				else for (const socket of topics.of(topic)) socket.send(frame);
			}
		};
	}
}

class ChaoticSocket implements Socket {
	readonly #socket: Socket;
	readonly #shared: Shared;
	readonly #topics = new Set<string>();
	/** Frames that wait in order. */
	readonly #queue: Frame[] = [];
	#isOver = false;

	constructor(socket: Socket, shared: Shared) {
		this.#socket = socket;
		this.#shared = shared;
	}

	get remoteAddress(): string {
		return this.#socket.remoteAddress;
	}

	get bufferedAmount(): number {
		return this.#socket.bufferedAmount;
	}

	get congested(): boolean {
		return this.#socket.congested;
	}

	send(frame: Frame): SendStatus {
		const { state } = this.#shared;
		if (this.#isOver || state.shouldDropOutbound()) return 'dropped';
		const times = state.shouldDuplicateOutbound() ? 2 : 1;
		let status: SendStatus = 'sent';
		for (let time = 0; time < times; time++) {
			const delay = state.getDelayMs();
			if (delay === 0 && this.#queue.length === 0) status = this.#socket.send(frame);
			else this.#later(frame, delay);
		}
		return status;
	}

	subscribe(topic: string): void {
		if (this.#isOver) return;
		this.#topics.add(topic);
		this.#shared.topics.join(topic, this);
		this.#socket.subscribe(topic);
	}

	unsubscribe(topic: string): void {
		if (this.#topics.delete(topic)) this.#shared.topics.leave(topic, this);
		this.#socket.unsubscribe(topic);
	}

	cork(write: () => void): void {
		this.#socket.cork(write);
	}

	close(code?: number, reason?: string): void {
		this.#socket.close(code, reason);
	}

	terminate(): void {
		this.#socket.terminate();
	}

	ended(): void {
		this.#isOver = true;
		for (const topic of this.#topics) this.#shared.topics.leave(topic, this);
		this.#topics.clear();
	}

	#later(frame: Frame, delay: number): void {
		const kept = typeof frame === 'string' ? frame : frame.slice();
		const { clock, state } = this.#shared;
		const overtakes = state.scenario === 'ipc-reorder';
		if (!overtakes) this.#queue.push(kept);
		this.#shared.waiting++;
		clock.after(delay, () => {
			this.#shared.waiting--;
			// Whichever timer it is: the first that waits goes first.
			this.#socket.send(overtakes ? kept : this.#queue.shift()!);
		});
	}
}
