import type { Log } from '../contract/log.ts';
import type { Telemetry } from '../contract/telemetry.ts';

/** Says that something which cannot be is so: `category` is `<area>.<thing>`, `context` tells where to look. */
export type Violated = (category: string, context: Readonly<Record<string, unknown>>) => void;

/** Counts what went wrong inside: broken invariants of the server, and failures of hooks that were kept from spreading. */
export class Assertions {
	readonly #counts = new Map<string, number>();
	readonly #log: Log;
	readonly #telemetry: Telemetry;
	readonly #throws: boolean;

	/** `throws`: a broken invariant also throws, so that a test fails of it. */
	constructor(log: Log, telemetry: Telemetry, throws: boolean) {
		this.#log = log;
		this.#telemetry = telemetry;
		this.#throws = throws;
	}

	/** How often, by category. It changes as it is read; the categories are ours, so it stays small. */
	get counts(): ReadonlyMap<string, number> {
		return this.#counts;
	}

	count(category: string): void {
		this.#counts.set(category, (this.#counts.get(category) ?? 0) + 1);
	}

	/** An invariant does not hold. */
	readonly violated: Violated = (category, context) => {
		this.count(category);
		this.#telemetry({ name: 'assertion.violated', labels: { category } });
		const message = `assertion violated ${JSON.stringify({ category, context })}`;
		this.#log.error(message);
		if (this.#throws) throw new Error(message);
	};
}
