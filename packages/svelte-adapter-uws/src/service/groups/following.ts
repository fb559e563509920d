import type { Clock } from '../../contract/clock.ts';
import type { Envelope } from '../../contract/envelope.ts';
import type { Platform } from '../../contract/platform.ts';

export interface FollowingParts {
	readonly platform: Platform;
	readonly topics: ReadonlySet<string>;
	/** Hears what other nodes publish on the topics. */
	readonly hear: (envelope: Envelope) => void;
	readonly everyMs: number;
	/** Runs that often; the next time is counted from its end. */
	readonly renew: () => Promise<void>;
	readonly clock: Clock;
	readonly onError: (error: unknown) => void;
}

/** What a node does for a group while it has members of it: it hears the others, and says that its members are still there. */
export class Following implements Disposable {
	readonly #parts: FollowingParts;
	readonly #tap: Disposable;
	#timer: Disposable | undefined;
	#isOver = false;

	constructor(parts: FollowingParts) {
		this.#parts = parts;
		this.#tap = parts.platform.tap(
			(envelope, origin) => {
				if (origin === 'remote') parts.hear(envelope);
			},
			(topic) => parts.topics.has(topic)
		);
		this.#renewLater();
	}

	[Symbol.dispose](): void {
		this.#isOver = true;
		this.#tap[Symbol.dispose]();
		this.#timer?.[Symbol.dispose]();
	}

	#renewLater(): void {
		const { clock, everyMs, renew, onError } = this.#parts;
		if (this.#isOver) return;
		this.#timer = clock.after(
			everyMs,
			() =>
				void renew()
					.catch(onError)
					.finally(() => this.#renewLater())
		);
	}
}
