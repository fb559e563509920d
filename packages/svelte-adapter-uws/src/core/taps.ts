import type { Envelope } from '../contract/envelope.ts';
import type { Log } from '../contract/log.ts';
import type { Origin, Tap } from '../contract/platform.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Report } from './isolation.ts';
import { LIMITS } from './limits.ts';

/**
 * Shows every envelope to whoever wants to follow along. All taps see all envelopes in one order: what a tap publishes is
 * shown once the current envelope has been shown to everybody.
 */
export class Taps {
	readonly #taps = new Set<Tap>();
	readonly #report: Report;
	readonly #log: Log;
	readonly #telemetry: Telemetry;
	/** The taps as they stand; a change makes a new list, so that one that is being walked stays as it is. */
	#list: readonly Tap[] = [];
	#queue: [Envelope, Origin][] | undefined;

	constructor(report: Report, log: Log, telemetry: Telemetry) {
		this.#report = report;
		this.#log = log;
		this.#telemetry = telemetry;
	}

	get size(): number {
		return this.#taps.size;
	}

	/** The same function may tap twice; each time ends by its own disposal. */
	add(tap: Tap): Disposable {
		const own: Tap = (envelope, origin) => tap(envelope, origin);
		this.#taps.add(own);
		this.#list = [...this.#taps];
		return {
			[Symbol.dispose]: () => {
				if (this.#taps.delete(own)) this.#list = [...this.#taps];
			}
		};
	}

	run(envelope: Envelope, origin: Origin): void {
		if (this.#queue) {
			this.#queue.push([envelope, origin]);
			return;
		}
		const queue: [Envelope, Origin][] = (this.#queue = [[envelope, origin]]);
		try {
			for (let i = 0; i < queue.length; i++) {
				// A tap that answers its own events would never end.
				if (i >= LIMITS.tapCascade) return this.#stop(queue[i]![0]);
				this.#show(...queue[i]!);
			}
		} finally {
			this.#queue = undefined;
		}
	}

	#show(envelope: Envelope, origin: Origin): void {
		for (const tap of this.#list) {
			if (!this.#taps.has(tap)) continue;
			try {
				tap(envelope, origin);
			} catch (error) {
				this.#report('tap', error);
			}
		}
	}

	#stop({ topic, event }: Envelope): void {
		this.#telemetry({ name: 'limit.tapCascade' });
		this.#log.error(
			`One publish led to ${LIMITS.tapCascade} more; the taps do not see the rest of them, beginning with ${JSON.stringify(event)} on ${JSON.stringify(topic)}. Look for a tap that answers its own events.`
		);
	}
}
