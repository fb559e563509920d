import type { AppSettings } from '../define/app-settings.ts';

/** Says that something which cannot be is so: `category` is `realtime/<thing>`, `context` tells where to look. */
export type Violated = (category: string, context: Readonly<Record<string, unknown>>) => void;

export interface InvariantsParts {
	readonly app: AppSettings;
	/** Hears of each that did not hold. */
	readonly say: (error: Error) => void;
	/** Throws as well, so that a test fails of it. */
	readonly throws: boolean;
}

/** What has to hold whatever comes from outside: each time that something did not is a bug of this package, and is counted. */
export class Invariants {
	readonly #parts: InvariantsParts;
	readonly #counts = new Map<string, number>();

	constructor(parts: InvariantsParts) {
		this.#parts = parts;
	}

	/** How often something did not hold, by category. The categories are ours, so it stays small. */
	get counts(): ReadonlyMap<string, number> {
		return this.#counts;
	}

	/** Something does not hold. */
	readonly violated: Violated = (category, context) => {
		this.#counts.set(category, (this.#counts.get(category) ?? 0) + 1);
		const { app, say, throws } = this.#parts;
		app.metrics?.violated(category);
		const error = new Error(`assertion violated ${JSON.stringify({ category, context })}`);
		say(error);
		if (throws) throw error;
	};
}
