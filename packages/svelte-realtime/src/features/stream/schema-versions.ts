import type { StreamOptions } from '../../define/stream-options.ts';

export type Change = (item: unknown) => unknown;

/** Missing steps that authors are warned of. */
const MAX_WARNED = 32;

/** How items are given to clients that were built for an older version. */
export class SchemaVersions {
	readonly #options: StreamOptions;
	readonly #warn: (message: string) => void;
	readonly #warned = new Set<string>();

	constructor(options: StreamOptions, warn: (message: string) => void) {
		this.#options = options;
		this.#warn = warn;
	}

	/** Whether a client of this version gets its own shape for everything. */
	isServed(version: number | undefined): version is number {
		return this.#options.downgrade !== undefined && this.#isOlder(version);
	}

	/** Gives an item in the shape of a version that is served. */
	down(version: number): Change {
		return this.#chain('downgrade', this.#steps('downgrade', version + 1, this.#options.version!).reverse());
	}

	/** Names the shape of a version that is served: versions that get the same one have the same name. */
	shapeOf(version: number): number {
		return this.#steps('downgrade', version + 1, this.#options.version!)[0] ?? this.#options.version!;
	}

	/** Brings an item of the first value to the newest shape; `undefined` where that is not for this client. */
	up(version: number | undefined): Change | undefined {
		if (!this.#options.migrate || this.isServed(version) || !this.#isOlder(version)) return undefined;
		return this.#chain('migrate', this.#steps('migrate', version, this.#options.version! - 1));
	}

	#isOlder(version: number | undefined): version is number {
		return version !== undefined && this.#options.version !== undefined && version < this.#options.version;
	}

	/** The versions from the first to the last that have a step, in order. A client names the first, so it must not be counted from there. */
	#steps(name: 'migrate' | 'downgrade', first: number, last: number): number[] {
		const steps = Object.keys(this.#options[name]!)
			.map(Number)
			.filter((from) => from >= first && from <= last)
			.sort((a, b) => a - b);
		let missing = first;
		for (const from of steps) if (from === missing) missing++;
		if (missing <= last && this.#warned.size < MAX_WARNED && !this.#warned.has(`${name} ${missing}`)) {
			this.#warned.add(`${name} ${missing}`);
			this.#warn(`has no ${name} from version ${missing}; it is left out.`);
		}
		return steps;
	}

	#chain(name: 'migrate' | 'downgrade', steps: readonly number[]): Change {
		const versions = this.#options[name]!;
		return (item) => steps.reduce((value, from) => versions[from]!(value), item);
	}
}
