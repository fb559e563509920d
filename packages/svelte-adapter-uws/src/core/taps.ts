import type { Envelope } from '../contract/envelope.ts';
import type { Log } from '../contract/log.ts';
import type { Origin, Tap } from '../contract/platform.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { atOnce, isThenable, type Report } from './isolation.ts';
import { LIMITS } from './limits.ts';

interface Filtered {
	readonly tap: Tap;
	readonly wants: ((topic: string) => boolean) | undefined;
}

/**
 * Shows every envelope to whoever wants to follow along. All taps see all envelopes in one order: what a tap publishes is
 * shown once the current envelope has been shown to everybody.
 */
export class Taps {
	readonly #taps = new Set<Filtered>();
	readonly #report: Report;
	readonly #log: Log;
	readonly #telemetry: Telemetry;
	/** The taps as they stand; a change makes a new list, so that one that is being walked stays as it is. */
	#list: readonly Filtered[] = [];
	#queue: [Envelope, Origin][] | undefined;

	constructor(report: Report, log: Log, telemetry: Telemetry) {
		this.#report = report;
		this.#log = log;
		this.#telemetry = telemetry;
	}

	/** Whether somebody wants to see the envelopes of a topic. */
	want(topic: string): boolean {
		for (const filtered of this.#list) if (this.#wants(filtered, topic)) return true;
		return false;
	}

	/** The same function may tap twice; each time ends by its own disposal. */
	add(tap: Tap, wants?: (topic: string) => boolean): Disposable {
		const own: Filtered = { tap, wants };
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
		for (const filtered of this.#list) {
			if (!this.#taps.has(filtered) || !this.#wants(filtered, envelope.topic)) continue;
			try {
				const result: unknown = filtered.tap(envelope, origin);
				if (isThenable(result)) void Promise.resolve(result).catch((error: unknown) => this.#report('tap', error));
			} catch (error) {
				this.#report('tap', error);
			}
		}
	}

	/** A filter that fails says no. */
	#wants({ wants }: Filtered, topic: string): boolean {
		if (!wants) return true;
		try {
			return Boolean(atOnce('The filter of a tap', wants(topic)));
		} catch (error) {
			this.#report('tap', error);
			return false;
		}
	}

	#stop({ topic, event }: Envelope): void {
		this.#telemetry({ name: 'limit.tapCascade' });
		this.#log.error(
			`One publish led to ${LIMITS.tapCascade} more; the taps do not see the rest of them, beginning with ${JSON.stringify(event)} on ${JSON.stringify(topic)}. Look for a tap that answers its own events.`
		);
	}
}
