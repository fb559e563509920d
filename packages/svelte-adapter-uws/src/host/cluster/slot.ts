import type { Socket } from 'node:net';
import type { Clock } from '../../contract/clock.ts';
import type { Log } from '../../contract/log.ts';
import type { Channel, Message } from './channel.ts';

/** A worker process as its slot sees it. */
export interface WorkerProcess {
	readonly pid: number | undefined;
	/** Who it is in the stores. */
	readonly node: string;
	readonly channel: Channel;
	/** Gives it a connection, which it answers with `accepted` and the same id. */
	hand(id: number, connection: Socket): void;
	/** Ends it without asking. */
	kill(): void;
	/** Calls `ended` once with how it ended, for example `exit code 1`. */
	onExit(ended: (how: string) => void): void;
}

export interface SlotParts {
	/** 1 for the first. */
	readonly id: number;
	readonly spawn: () => WorkerProcess;
	readonly clock: Clock;
	readonly log: Log;
	/** A worker was started; what is disposed once it has ended. */
	readonly joined: (worker: WorkerProcess) => Disposable;
	readonly ready: (port: number) => void;
	/** A worker will not start, and says why: another attempt would end the same way. */
	readonly refused: (reason: string) => void;
	/** A worker has ended, and another one follows unless `stop` was called. */
	readonly ended: () => void;
	/** The attempts are used up. */
	readonly gaveUp: () => void;
}

export const SLOT_TIMES = {
	heartbeatMs: 10_000,
	stuckMs: 30_000,
	startMs: 60_000,
	firstDelayMs: 100,
	longestDelayMs: 5_000,
	/** A worker that was ready for so long starts the count of attempts anew. */
	stableMs: 30_000,
	attempts: 50
} as const;

/** One worker's place: whoever ends in it is followed by another one, however the workers beside it fare. */
export class Slot {
	readonly #parts: SlotParts;
	#worker: WorkerProcess | undefined;
	#attempt = 0;
	#isStopped = false;
	#timer: Disposable | undefined;

	constructor(parts: SlotParts) {
		this.#parts = parts;
	}

	/** True while a worker lives in it. */
	get isAlive(): boolean {
		return this.#worker !== undefined;
	}

	start(): void {
		const { id, spawn, clock, log, joined } = this.#parts;
		const worker = (this.#worker = spawn());
		const membership = joined(worker);
		const began = clock.now();
		let readyAt: number | undefined;
		let heardAt = began;

		const listening = worker.channel.listen((message: Message) => {
			if (message.type === 'pong') heardAt = clock.now();
			else if (message.type === 'refused') this.#parts.refused(message.reason);
			else if (message.type === 'ready') {
				readyAt = heardAt = clock.now();
				this.#parts.ready(message.port);
			}
		});
		const beat = (): void => {
			const now = clock.now();
			const isStuck = readyAt === undefined ? now - began >= SLOT_TIMES.startMs : now - heardAt > SLOT_TIMES.stuckMs;
			if (isStuck) {
				log.error(
					`Worker ${id} (process ${worker.pid}) ${readyAt === undefined ? 'did not become ready' : 'does not answer'}: ending it.`
				);
				return worker.kill();
			}
			worker.channel.send({ type: 'ping' });
			this.#timer = clock.after(SLOT_TIMES.heartbeatMs, beat);
		};
		this.#timer = clock.after(SLOT_TIMES.heartbeatMs, beat);

		worker.onExit((how) => {
			this.#timer?.[Symbol.dispose]();
			listening[Symbol.dispose]();
			membership[Symbol.dispose]();
			this.#worker = undefined;
			if (readyAt !== undefined && clock.now() - readyAt >= SLOT_TIMES.stableMs) this.#attempt = 0;
			this.#follow(how);
			this.#parts.ended();
		});
	}

	send(message: Message): void {
		this.#worker?.channel.send(message);
	}

	/** Nobody follows any more; who lives goes on until told otherwise. */
	stop(): void {
		this.#isStopped = true;
		if (!this.#worker) this.#timer?.[Symbol.dispose]();
	}

	kill(): void {
		this.#worker?.kill();
	}

	#follow(how: string): void {
		const { id, clock, log, gaveUp } = this.#parts;
		if (this.#isStopped) return;
		if (this.#attempt === SLOT_TIMES.attempts) {
			log.error(
				`Worker ${id} ended with ${how}, after ${this.#attempt} restarts without staying up for half a minute: giving up.`
			);
			return gaveUp();
		}
		const delay = Math.min(SLOT_TIMES.firstDelayMs * 2 ** this.#attempt, SLOT_TIMES.longestDelayMs);
		this.#attempt++;
		log.error(
			`Worker ${id} ended with ${how}. Starting another one in ${delay} ms (attempt ${this.#attempt} of ${SLOT_TIMES.attempts}).`
		);
		this.#timer = clock.after(delay, () => this.start());
	}
}
