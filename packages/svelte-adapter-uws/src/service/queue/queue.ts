import { checkCap, checkFunction, checkKey, checkNumber } from '../plugin/check.ts';

export type Task<T = unknown> = () => T | Promise<T>;

export interface QueueOptions {
	/** Tasks of one key that run at a time. Default 1. */
	readonly concurrency?: number;
	/** Tasks of one key that wait; Infinity = any number. Default 1,000,000. */
	readonly maxSize?: number;
	/** UTF-16 units. Default 256. */
	readonly maxKeyLength?: number;
	/** Hears of tasks that found the queue full. */
	readonly onDrop?: (dropped: { readonly key: string; readonly task: Task }) => void;
}

interface Waiting {
	readonly run: () => Promise<void>;
	readonly fail: (error: Error) => void;
}

interface Line {
	/** A set, because it gives up its first member in constant time. */
	readonly waiting: Set<Waiting>;
	running: number;
	readonly idle: (() => void)[];
}

/** Runs the tasks of each key in the order in which they came, a few at a time; keys do not wait for each other. */
export class TaskQueue {
	readonly #options: Required<Omit<QueueOptions, 'onDrop'>> & Pick<QueueOptions, 'onDrop'>;
	readonly #lines = new Map<string, Line>();

	constructor({ concurrency = 1, maxSize = 1_000_000, maxKeyLength = 256, onDrop }: QueueOptions) {
		this.#options = {
			concurrency: checkCap('createQueue: concurrency', concurrency),
			maxSize: checkNumber('createQueue: maxSize', maxSize, { min: 1, whole: true, endless: true }),
			maxKeyLength: checkCap('createQueue: maxKeyLength', maxKeyLength),
			...(onDrop && { onDrop })
		};
		if (onDrop !== undefined) checkFunction('createQueue: onDrop', onDrop);
	}

	/** Gives what the task gives. Rejects with what it throws, when the queue is full or cleared, and for bad arguments. */
	async push<T>(key: string, task: Task<T>): Promise<T> {
		checkKey('push: key', key, this.#options.maxKeyLength);
		checkFunction('push: task', task);
		const line = this.#lines.get(key) ?? { waiting: new Set<Waiting>(), running: 0, idle: [] };
		const { concurrency, maxSize, onDrop } = this.#options;
		if (line.running >= concurrency && line.waiting.size >= maxSize) {
			onDrop?.({ key, task });
			throw new RangeError(`createQueue: maxSize exceeded: ${maxSize} tasks of ${JSON.stringify(key)} wait. Push again later.`);
		}
		this.#lines.set(key, line);
		return new Promise<T>((resolve, reject) => {
			line.waiting.add({ run: () => settle(task, resolve, reject), fail: reject });
			this.#next(key, line);
		});
	}

	/** Tasks that wait or run, of one key or of all. */
	size(key?: string): number {
		let size = 0;
		for (const { waiting, running } of this.#some(key)) size += waiting.size + running;
		return size;
	}

	/** Rejects the tasks that wait, of one key or of all; those that run go on. */
	clear(key?: string): void {
		for (const { waiting } of this.#some(key)) {
			const all = [...waiting];
			waiting.clear();
			for (const { fail } of all) fail(new Error('queue cleared'));
		}
	}

	/** Resolves when nothing waits or runs any more, of one key or of all keys that there are now. */
	async drain(key?: string): Promise<void> {
		await Promise.all(this.#some(key).map((line) => new Promise<void>((resolve) => line.idle.push(resolve))));
	}

	#some(key: string | undefined): Line[] {
		if (key === undefined) return [...this.#lines.values()];
		const line = this.#lines.get(key);
		return line ? [line] : [];
	}

	#next(key: string, line: Line): void {
		while (line.running < this.#options.concurrency) {
			const [task] = line.waiting;
			if (!task) break;
			line.waiting.delete(task);
			line.running++;
			void task.run().then(() => {
				line.running--;
				this.#next(key, line);
			});
		}
		if (line.running > 0) return;
		this.#lines.delete(key);
		for (const resolve of line.idle) resolve();
	}
}

/** Never rejects itself: the caller of `push` hears what the task throws. */
async function settle<T>(task: Task<T>, resolve: (value: T) => void, reject: (error: unknown) => void): Promise<void> {
	try {
		resolve(await task());
	} catch (error) {
		reject(error);
	}
}
