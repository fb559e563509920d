import type { Snapshot, WindowSpec } from '../../define/reactive.ts';
import type { Reaction } from '../../runtime/cascade.ts';
import { Debounce } from '../../runtime/debounce.ts';
import type { Host } from '../../runtime/host.ts';
import { Ticker } from '../../runtime/ticker.ts';
import { LiveError } from '../../shared/error.ts';
import type { Fields } from './fields.ts';
import { boundaries, createWindow, type Window } from './window.ts';

/** Milliseconds that a snapshot is waited for, and events that wait with it; then it begins without one. */
const SNAPSHOT_MS = 30_000;
const MAX_EARLY = 10_000;

export interface ViewParts {
	readonly host: Host;
	readonly path: string;
	readonly topic: string;
	readonly fields: Fields;
	readonly spec: WindowSpec | undefined;
	readonly debounce: number;
	readonly snapshot: Snapshot | undefined;
}

/** What an aggregate comes to in one window, and its topic. */
export class View implements Disposable {
	readonly #parts: ViewParts;
	readonly #window: Window;
	readonly #quiet: Debounce;
	readonly #restored = Promise.withResolvers<void>();
	/** Events that came before the snapshot was there. */
	#early: Reaction[] | undefined = [];
	#ticker: Ticker | undefined;
	#patience: Disposable | undefined;
	#isOver = false;

	constructor(parts: ViewParts) {
		const { host, path, fields, spec, debounce } = parts;
		this.#parts = parts;
		this.#window = createWindow(fields, spec, host.date());
		this.#quiet = new Debounce(host, debounce);
		void this.#restore();
		boundaries(spec)?.then(
			(schedule) => {
				if (!this.#isOver) this.#ticker = new Ticker(host, schedule, (time) => this.#turn(time));
			},
			(error: unknown) => host.onError(path, error)
		);
	}

	hear(reaction: Reaction): void {
		if (!this.#early) return this.#take(reaction);
		this.#early.push(reaction);
		if (this.#early.length >= MAX_EARLY) this.#giveUp();
	}

	/** What it comes to, once the snapshot is there. */
	async load(): Promise<unknown> {
		await this.#restored.promise;
		return this.#value();
	}

	[Symbol.dispose](): void {
		this.#isOver = true;
		this.#quiet[Symbol.dispose]();
		this.#ticker?.[Symbol.dispose]();
		this.#patience?.[Symbol.dispose]();
		this.#restored.resolve();
	}

	#value(): unknown {
		return this.#parts.fields.view(this.#window.state);
	}

	async #restore(): Promise<void> {
		const { snapshot, host, path } = this.#parts;
		if (!snapshot) return this.#begin();
		this.#patience = host.after(SNAPSHOT_MS, () => this.#giveUp());
		try {
			const fields = await snapshot();
			// Too late for what has begun without it.
			if (this.#early) this.#window.restore(fields);
		} catch (error) {
			host.onError(path, error);
		}
		this.#begin();
	}

	#giveUp(): void {
		const { host, path, topic } = this.#parts;
		host.onError(path, new LiveError('TIMEOUT', `The snapshot of ${topic} did not come, so it begins without one.`));
		this.#begin();
	}

	/** Takes in what came meanwhile, and everything from now on. */
	#begin(): void {
		this.#patience?.[Symbol.dispose]();
		const early = this.#early ?? [];
		this.#early = undefined;
		for (const reaction of early) this.#take(reaction);
		this.#restored.resolve();
	}

	#take({ envelope: { event, data }, run }: Reaction): void {
		run(() => {
			this.#window.add(event, data);
			if (this.#parts.debounce === 0) this.#publish();
			else this.#quiet.call(() => run(() => this.#publish()));
		});
	}

	#turn(time: number): void {
		const { host, path, spec } = this.#parts;
		try {
			const isTumbling = spec?.type === 'tumbling';
			const isDue = this.#quiet.isWaiting && !isTumbling;
			this.#quiet[Symbol.dispose]();
			const before = this.#value();
			// The last word about what ends now; who follows it sees the beginning of the next as well.
			if (isTumbling) this.#publish(before);
			const text = JSON.stringify(before);
			this.#window.turn(time);
			const value = this.#value();
			if (isDue || JSON.stringify(value) !== text) this.#publish(value);
		} catch (error) {
			host.onError(path, error);
		}
	}

	#publish(value: unknown = this.#value()): void {
		const { host, topic } = this.#parts;
		const where = host.aggregates();
		if (where === 'nowhere') return;
		host.platform.publish(topic, 'set', value, where === 'here' ? { relay: false, origin: 'local' } : undefined);
	}
}
