import type { Position } from '../contract/envelope.ts';
import type { Log } from '../contract/log.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { LIMITS } from './limits.ts';

/**
 * Gives each envelope of a topic its place: 1, 2, 3, … within one epoch, which is one life of this server. A counter is
 * never forgotten: a number that came twice in one epoch would pass for the same event.
 */
export class Sequencer {
	readonly epoch: string;
	readonly #log: Log;
	readonly #telemetry: Telemetry;
	readonly #last = new Map<string, number>();
	#warned = false;

	constructor(epoch: string, log: Log, telemetry: Telemetry) {
		this.epoch = epoch;
		this.#log = log;
		this.#telemetry = telemetry;
	}

	next(topic: string): Position {
		const last = this.#last.get(topic);
		const seq = (last ?? 0) + 1;
		this.#last.set(topic, seq);
		if (last === undefined && this.#last.size >= LIMITS.sequencedTopics && !this.#warned) this.#warn();
		return { epoch: this.epoch, seq };
	}

	#warn(): void {
		this.#warned = true;
		this.#telemetry({ name: 'limit.sequencedTopics' });
		const busiest = [...this.#last].sort(([, a], [, b]) => b - a).slice(0, 5);
		const names = busiest.map(([topic, seq]) => `${JSON.stringify(topic)} (${seq})`).join(', ');
		this.#log.warn(
			`${LIMITS.sequencedTopics} topics have a sequence counter; the busiest are ${names}. Publish short-lived topics with { seq: false }.`
		);
	}
}
