import { AsyncLocalStorage } from 'node:async_hooks';
import type { Envelope, Origin } from 'svelte-adapter-uws/contract';
import { LiveError } from '../shared/error.ts';
import type { Watchers } from './watchers.ts';
import { isThenable } from '../shared/thenable.ts';

/** Reactions that may follow from each other; over it a chain is taken for a loop, and ends. */
const MAX_CASCADE = 8;

/** What the current code is a reaction to. */
interface Chain {
	readonly depth: number;
	readonly origin: Origin;
}

/** Something was published that somebody wants to react to. */
export interface Reaction {
	readonly envelope: Envelope;
	/** `remote` also where this node published it, but only because it reacted to what came from another. */
	readonly origin: Origin;
	/** Runs an answer once the publisher has gone on; what it throws, or rejects with, is reported. */
	run(answer: () => unknown): void;
}

/** Reactions to what is published, each as much as the other on its own; a chain of them that does not end is cut. */
export class Cascade {
	readonly #watchers: Pick<Watchers, 'add'>;
	readonly #onError: (path: string, error: unknown) => void;
	// Follows asynchronous functions as well: what they publish in the end is still their reaction.
	readonly #chain = new AsyncLocalStorage<Chain>();

	constructor(watchers: Pick<Watchers, 'add'>, onError: (path: string, error: unknown) => void) {
		this.#watchers = watchers;
		this.#onError = onError;
	}

	/** Hears what is published on these topics, until it is disposed; answers that have not begun by then do not begin. */
	react(path: string, topics: readonly string[], hear: (reaction: Reaction) => void): Disposable {
		let isOver = false;
		const watch = this.#watchers.add(path, topics, (envelope, published) => {
			const before = this.#chain.getStore();
			const chain: Chain = { depth: (before?.depth ?? 0) + 1, origin: before?.origin === 'remote' ? 'remote' : published };
			const later = (run: () => void): void => queueMicrotask(() => this.#chain.run(chain, run));
			if (chain.depth > MAX_CASCADE) {
				// Once: who hears of it may publish that as well.
				if (chain.depth === MAX_CASCADE + 1) later(() => this.#onError(path, endless(path, envelope)));
				return;
			}
			const answer = (run: () => unknown): void => {
				if (!isOver) this.#contain(path, run);
			};
			hear({ envelope, origin: chain.origin, run: (run) => later(() => answer(run)) });
		});
		return {
			[Symbol.dispose]() {
				isOver = true;
				watch[Symbol.dispose]();
			}
		};
	}

	#contain(path: string, run: () => unknown): void {
		try {
			const result = run();
			if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => this.#onError(path, error));
		} catch (error) {
			this.#onError(path, error);
		}
	}
}

function endless(path: string, { topic, event }: Envelope): LiveError {
	return new LiveError(
		'REACTION_LOOP',
		`${path} did not react to ${JSON.stringify(event)} on ${JSON.stringify(topic)}, which ${MAX_CASCADE} reactions to each other led to. Look for one that publishes what it reacts to.`
	);
}
