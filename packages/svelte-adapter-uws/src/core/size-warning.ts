import type { Clock } from '../contract/clock.ts';
import type { Log } from '../contract/log.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { LIMITS } from './limits.ts';

const INTERVAL_MS = 60_000;

/** Says, at most once a minute, that an event is larger than browsers take. */
export class SizeWarning {
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #telemetry: Telemetry;
	#next = -Infinity;

	constructor(clock: Clock, log: Log, telemetry: Telemetry) {
		this.#clock = clock;
		this.#log = log;
		this.#telemetry = telemetry;
	}

	warn(topic: string, event: string, size: number): void {
		this.#telemetry({ name: 'limit.frameSize', value: size });
		const now = this.#clock.now();
		if (now < this.#next) return;
		this.#next = now + INTERVAL_MS;
		this.#log.warn(
			`${JSON.stringify(event)} on ${JSON.stringify(topic)} has ${size} characters; browsers drop frames over ${LIMITS.frameSize}. Publish an id and let clients fetch the rest.`
		);
	}
}
