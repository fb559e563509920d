import type { Snapshot, WindowSpec } from '../../define/reactive.ts';
import type { Reaction } from '../../runtime/cascade.ts';
import { Debounce } from '../../runtime/debounce.ts';
import type { Host } from '../../runtime/host.ts';
import { Ticker } from '../../runtime/ticker.ts';
import type { Fields } from './fields.ts';
import { boundaries, createWindow, type Window } from './window.ts';

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
	readonly #restored: Promise<void>;
	/** Events that came before the snapshot was there. */
	#early: Reaction[] | undefined = [];
	#ticker: Ticker | undefined;
	#isOver = false;

	constructor(parts: ViewParts) {
		const { host, path, fields, spec, debounce } = parts;
		this.#parts = parts;
		this.#window = createWindow(fields, spec, host.date());
		this.#quiet = new Debounce(host, debounce);
		this.#restored = this.#restore();
		boundaries(spec)?.then(
			(schedule) => {
				if (!this.#isOver) this.#ticker = new Ticker(host, schedule, (time) => this.#turn(time));
			},
			(error: unknown) => host.onError(path, error)
		);
	}

	hear(reaction: Reaction): void {
		if (this.#early) this.#early.push(reaction);
		else this.#take(reaction);
	}

	/** What it comes to, once the snapshot is there. */
	async load(): Promise<unknown> {
		await this.#restored;
		return this.#value();
	}

	[Symbol.dispose](): void {
		this.#isOver = true;
		this.#quiet[Symbol.dispose]();
		this.#ticker?.[Symbol.dispose]();
	}

	#value(): unknown {
		return this.#parts.fields.view(this.#window.state);
	}

	async #restore(): Promise<void> {
		const { snapshot, host, path } = this.#parts;
		try {
			if (snapshot) this.#window.restore(await snapshot());
		} catch (error) {
			host.onError(path, error);
		}
		const early = this.#early ?? [];
		this.#early = undefined;
		for (const reaction of early) this.#take(reaction);
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
		if (where !== 'nowhere') host.platform.publish(topic, 'set', value, where === 'here' ? { relay: false } : undefined);
	}
}
