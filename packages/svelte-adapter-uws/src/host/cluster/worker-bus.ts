import type { Bus } from '../../contract/bus.ts';
import type { Clock } from '../../contract/clock.ts';
import type { Log } from '../../contract/log.ts';
import type { Telemetry } from '../../contract/telemetry.ts';
import type { Channel, RelayItem } from './channel.ts';
import { createSeal, UNSEALED, type Seal } from './seal.ts';

export interface WorkerBusParts {
	readonly channel: Channel;
	/** The same in every worker; absent = what is relayed is not signed. */
	readonly secret?: string | undefined;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
}

/** What waits for the end of the microtask is sent early at this number of items or this size in UTF-16 units. */
const BATCH_ITEMS = 1_024;
const BATCH_SIZE = 1_048_576;
const LOG_INTERVAL_MS = 60_000;

/** Carries envelopes to the other workers of this machine through the primary; those of one microtask as one message. */
export class WorkerBus implements Bus {
	readonly #parts: WorkerBusParts;
	readonly #seal: Seal;
	#pending: RelayItem[] = [];
	#size = 0;
	#nextLog = -Infinity;

	constructor(parts: WorkerBusParts) {
		this.#parts = parts;
		this.#seal = parts.secret === undefined ? UNSEALED : createSeal(parts.secret);
	}

	start(...[receive, missed]: Parameters<Bus['start']>): Promise<AsyncDisposable> {
		const listening = this.#parts.channel.listen((message) => {
			if (message.type === 'gone') missed();
			if (message.type !== 'relay') return;
			let together: RelayItem[] = [];
			for (const item of message.items) {
				if (this.#seal.isIntact(item)) together.push(item);
				else this.#refused(item);
				if (item.more || together.length === 0) continue;
				receive(together);
				together = [];
			}
		});
		return Promise.resolve({
			[Symbol.asyncDispose]: () => {
				listening[Symbol.dispose]();
				return Promise.resolve();
			}
		});
	}

	relay(messages: Parameters<Bus['relay']>[0]): void {
		if (this.#pending.length === 0) queueMicrotask(() => this.#flush());
		const last = messages.length - 1;
		messages.forEach((encoded, i) => {
			const item = this.#seal.seal(encoded);
			this.#pending.push(i < last ? { ...item, more: true } : item);
			this.#size += encoded.head.length;
		});
		if (this.#pending.length >= BATCH_ITEMS || this.#size >= BATCH_SIZE) this.#flush();
	}

	#flush(): void {
		const items = this.#pending;
		if (items.length === 0) return;
		const size = this.#size;
		this.#pending = [];
		this.#size = 0;
		this.#parts.channel.send({ type: 'relay', items }, size);
	}

	#refused({ topic }: RelayItem): void {
		const { clock, log, telemetry } = this.#parts;
		telemetry({ name: 'relay.mac-fail' });
		if (clock.now() < this.#nextLog) return;
		this.#nextLog = clock.now() + LOG_INTERVAL_MS;
		log.error(
			`A relayed event on ${JSON.stringify(topic)} has a wrong tag or none, and was dropped. Give every worker the same workerRelayHmacSecret; if they have it, something in this process forges events.`
		);
	}
}
