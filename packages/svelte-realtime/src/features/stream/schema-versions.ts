import type { StreamOptions, Versions } from '../../define/stream-options.ts';

export type Change = (item: unknown) => unknown;

/** How items are given to clients that were built for an older version. */
export class SchemaVersions {
	readonly #options: StreamOptions;
	readonly #warn: (message: string) => void;
	readonly #warned = new Set<number>();

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
		const steps: number[] = [];
		for (let from = this.#options.version!; from > version; from--) steps.push(from);
		return this.#chain('downgrade', this.#options.downgrade!, steps);
	}

	/** Brings an item of the first value to the newest shape; `undefined` where that is not for this client. */
	up(version: number | undefined): Change | undefined {
		const { migrate } = this.#options;
		if (!migrate || this.isServed(version) || !this.#isOlder(version)) return undefined;
		const steps: number[] = [];
		for (let from = version; from < this.#options.version!; from++) steps.push(from);
		return this.#chain('migrate', migrate, steps);
	}

	#isOlder(version: number | undefined): version is number {
		return version !== undefined && this.#options.version !== undefined && version < this.#options.version;
	}

	#chain(name: string, versions: Versions, steps: readonly number[]): Change {
		const changes = steps.flatMap((from) => {
			const change = versions[from];
			if (change) return [change];
			if (!this.#warned.has(from)) this.#warn(`has no ${name} from version ${from}; it is left out.`);
			this.#warned.add(from);
			return [];
		});
		return (item) => changes.reduce((value, change) => change(value), item);
	}
}
