import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../contract/clock.ts';
import type { Log } from '../../contract/log.ts';
import type { Stores } from '../../contract/stores.ts';
import { StartError } from '../start-error.ts';
import type { Acceptor } from './acceptor.ts';
import type { Message } from './channel.ts';
import { Hub } from './hub.ts';
import { Polls } from './polls.ts';
import { serveStores } from './store-server.ts';
import { Slot, type WorkerProcess } from './slot.ts';

export interface PrimaryParts {
	readonly workers: number;
	readonly spawn: (id: number) => WorkerProcess;
	/** Absent where workers listen themselves. */
	readonly acceptor?: Acceptor;
	/** What the workers know together. */
	readonly stores: Stores;
	readonly clock: Clock;
	readonly log: Log;
	/** A slot's attempts are used up. */
	readonly gaveUp: () => void;
}

/** What stragglers get beyond the time that they were given, in milliseconds. */
const GRACE_MS = 2_000;

/** Starts workers, keeps them running, and carries what they relay. It serves nothing itself. */
export class Primary {
	readonly #parts: PrimaryParts;
	readonly #hub = new Hub();
	readonly #polls: Polls;
	readonly #slots: readonly Slot[];
	readonly #started = Promise.withResolvers<void>();
	readonly #seen = new Set<number>();
	#wasReady = false;
	#emptied: () => void = () => {};

	constructor(parts: PrimaryParts) {
		this.#parts = parts;
		this.#polls = new Polls(parts.clock);
		const { spawn, clock, log, gaveUp } = parts;
		this.#slots = Array.from({ length: parts.workers }, (_, index) => {
			const id = index + 1;
			return new Slot({
				id,
				spawn: () => spawn(id),
				clock,
				log,
				gaveUp,
				joined: (worker) => this.#join(worker),
				ready: () => {
					this.#wasReady = true;
					this.#tried(id);
				},
				refused: (reason) => this.#refused(id, reason),
				ended: () => {
					this.#tried(id);
					if (!this.#slots.some(({ isAlive }) => isAlive)) this.#emptied();
				}
			});
		});
	}

	/** Resolves once each worker has become ready or has failed its first attempt, and one is ready. Rejects when they refuse to start. */
	async start(): Promise<void> {
		for (const slot of this.#slots) slot.start();
		await this.#started.promise;
	}

	/** Tells every worker that lives. */
	send(message: Message): void {
		for (const slot of this.#slots) slot.send(message);
	}

	/** Tells every worker that the end is near, so that health checks fail. Nobody who ends is followed any more. */
	announce(): void {
		for (const slot of this.#slots) slot.stop();
		this.send({ type: 'announce' });
	}

	/** Has every worker shut down; ends what is left after `timeoutMs` and a little. */
	async drain(timeoutMs: number): Promise<void> {
		const { clock, log, acceptor } = this.#parts;
		acceptor?.close();
		const empty = new Promise<void>((resolve) => (this.#emptied = resolve));
		if (!this.#slots.some(({ isAlive }) => isAlive)) return;
		this.send({ type: 'shutdown' });
		using _ = clock.after(timeoutMs + GRACE_MS, () => {
			log.warn('Some workers took longer than SHUTDOWN_TIMEOUT: ending them.');
			this.kill();
		});
		await empty;
	}

	/** Ends every worker without asking. */
	kill(): void {
		for (const slot of this.#slots) {
			slot.stop();
			slot.kill();
		}
	}

	#join(worker: WorkerProcess): Disposable {
		const { channel, node } = worker;
		const { stores, log, acceptor } = this.#parts;
		const handed = acceptor?.join(worker);
		const relayed = this.#hub.join(channel);
		const polled = this.#polls.join(channel);
		const served = serveStores(stores, channel);
		const tell = (): void => this.send({ type: 'gone' });
		return {
			[Symbol.dispose]() {
				handed?.[Symbol.dispose]();
				relayed[Symbol.dispose]();
				polled[Symbol.dispose]();
				served[Symbol.dispose]();
				tell();
				// Its connections and its lead ended with it, and nobody else will say so.
				for (const store of [stores.presence, stores.cursor, stores.group, stores.registry, stores.lease])
					store.drop(node).catch((error: unknown) => log.error(`What ${node} left in the stores could not be removed`, error));
			}
		};
	}

	#tried(id: number): void {
		this.#seen.add(id);
		if (this.#wasReady && this.#seen.size === this.#slots.length) this.#started.resolve();
	}

	/** Where one has become ready before, the reason may pass, and the restarts go on. */
	#refused(id: number, reason: string): void {
		if (this.#wasReady) this.#parts.log.error(`Worker ${id} did not start. ${reason}`);
		else this.#started.reject(new StartError(reason));
	}
}

/** The port that workers will listen on: the one given, or a free one for 0. Throws a StartError when it is taken, for `shared` by somebody who does not share it. */
export async function probePort(host: string, port: number, shared: boolean): Promise<number> {
	const probe = createServer();
	await new Promise<void>((resolve, reject) => {
		probe.once('error', (error: NodeJS.ErrnoException) =>
			reject(
				new StartError(
					`Cannot listen on ${host}:${port}: ${error.code === 'EADDRINUSE' ? 'the port is taken. Stop what uses it, or set PORT' : error.message}`
				)
			)
		);
		probe.listen({ host, port, exclusive: true, reusePort: shared }, resolve);
	});
	const found = (probe.address() as AddressInfo).port;
	await new Promise((resolve) => probe.close(resolve));
	return found;
}
