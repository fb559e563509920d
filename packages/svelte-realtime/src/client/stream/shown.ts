import type { Readable } from 'svelte-adapter-uws/contract';
import { RpcError } from '../../shared/error.ts';
import { createCell, type Cell } from '../cell.ts';
import { rune, type Rune } from '../svelte.ts';
import { map, when, type Condition, type MappedStore } from './derive.ts';
import { History, type HistoryOptions } from './history.ts';
import type { StreamOptions } from './merge.ts';
import { MAX_OPTIMISTIC_QUEUE_DEPTH, type Change } from './optimistic.ts';
import { emptyState, withChange, withOutcome, type StreamState } from './state.ts';
import type { CallChange, StreamStatus } from './store.ts';

/** What a page shows of a stream: its value with pending changes on top, and what was shown before. It knows of no server. */
export abstract class Shown<T> implements Readable<T | undefined> {
	readonly error: Cell<RpcError | null> = createCell<RpcError | null>(null);
	readonly status: Cell<StreamStatus> = createCell<StreamStatus>('loading');
	readonly hasMore: Cell<boolean> = createCell(false);
	protected readonly path: string;
	protected readonly options: StreamOptions;
	protected readonly value: Cell<T | undefined> = createCell<T | undefined>(undefined);
	protected state: StreamState;
	readonly #history = new History();
	#changes = 0;

	constructor(path: string, options: StreamOptions) {
		this.path = path;
		this.options = options;
		this.state = emptyState(options);
	}

	abstract subscribe(run: (value: T | undefined) => void): () => void;

	get canUndo(): Readable<boolean> {
		return this.#history.canUndo;
	}

	get canRedo(): Readable<boolean> {
		return this.#history.canRedo;
	}

	when(condition: Condition): Readable<T | undefined> {
		return when(this, condition);
	}

	rune(): Rune<T | undefined> {
		return rune(this);
	}

	map<U>(change: (item: any, index: number) => U): MappedStore<U> {
		return map(this, change);
	}

	enableHistory(max?: number | HistoryOptions): void {
		this.#history.enable(typeof max === 'object' ? max : max === undefined ? {} : { max }, this.state.value);
	}

	undo(): boolean {
		return this.#step(-1);
	}

	redo(): boolean {
		return this.#step(1);
	}

	pauseHistory(): void {
		this.#history.pause();
	}

	resumeHistory(): void {
		this.#history.resume(this.state.value);
	}

	optimistic(event: string, data: unknown): () => void {
		const id = this.#change({ event, data }, false);
		return () => this.#settle(id, false);
	}

	async mutate<Out>(operation: () => Out | Promise<Out>, change: Change<T>): Promise<Out> {
		if (typeof operation !== 'function')
			throw new RpcError(
				'INVALID_REQUEST',
				'mutate() takes a function that makes the call first: store.mutate(() => rename(id, text), change).'
			);
		const id = this.#change(change, true);
		let succeeded = false;
		try {
			const out = await operation();
			succeeded = true;
			return out;
		} finally {
			this.#settle(id, succeeded);
		}
	}

	createOptimistic<Args extends readonly unknown[], Out>(
		call: (...args: Args) => Out | Promise<Out>,
		args: Args,
		change: CallChange<T, Args>
	): Promise<Out> {
		if (typeof call !== 'function' || !Array.isArray(args as unknown)) {
			return Promise.reject(
				new RpcError('INVALID_REQUEST', 'createOptimistic() takes a procedure, a list of its arguments, and a change.')
			);
		}
		const own = typeof change === 'function' ? (value: T): T | void => change(value, args) : change;
		return this.mutate(() => call(...args), own);
	}

	/** Takes in what waits to be shown: what comes before a change must not be taken for its confirmation. */
	protected catchUp(): void {}

	/** Forgets the value. */
	protected clear(): void {
		this.#history.clear();
		this.error.set(null);
		this.status.set('loading');
		this.show(emptyState(this.options));
	}

	protected show(state: StreamState): void {
		this.state = state;
		this.#history.record(state.value);
		this.hasMore.set(state.page?.hasMore ?? false);
		this.value.set(state.value as T | undefined);
	}

	#change(change: Change<T>, settles: boolean): number {
		if (typeof change !== 'function' && typeof change?.event !== 'string') {
			throw new RpcError('INVALID_REQUEST', 'An optimistic change is { event, data }, or a function over the value.');
		}
		if (this.state.pendings.length >= MAX_OPTIMISTIC_QUEUE_DEPTH) {
			throw new RpcError(
				'QUEUE_FULL',
				`${MAX_OPTIMISTIC_QUEUE_DEPTH} changes of ${this.path} are pending (MAX_OPTIMISTIC_QUEUE_DEPTH). Wait for some to settle.`
			);
		}
		const id = this.#changes++;
		this.catchUp();
		this.show(withChange(this.state, id, change, settles));
		return id;
	}

	#settle(id: number, succeeded: boolean): void {
		this.catchUp();
		this.show(withOutcome(this.state, id, succeeded));
	}

	#step(by: -1 | 1): boolean {
		this.catchUp();
		if (!this.#history.enabled) this.enableHistory();
		const step = this.#history.move(by);
		// Whatever was pending is part of what is taken back.
		if (step) this.show({ ...this.state, base: step.value, pendings: [], value: step.value });
		return step !== undefined;
	}
}
