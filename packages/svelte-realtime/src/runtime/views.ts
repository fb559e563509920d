import type { Platform, Shaped } from 'svelte-adapter-uws/contract';
import { VIEW_MARK } from '../shared/topics.ts';

/** What one event is in a view. */
export type Seen = Pick<Shaped, 'event' | 'data' | 'seq' | 'coalesceKey'>;

/**
 * What a view shows of an event: `null` = not this one, or later, by a publish on `view`, the topic of the view; `'failed'` = it could
 * not be made, which the app has heard of. What it throws, the publish throws.
 */
export type Project = (event: string, data: unknown, view: string) => Seen | null | 'failed';

/** Who wants to see a topic, and how. */
export interface Wanted {
	readonly topic: string;
	/** Equal keys share a view; see `Views.key` and `PLAIN`. */
	readonly key: string;
	/** Makes the view where it is not there. */
	readonly project: Project | undefined;
	/** Never under the topic's own name. */
	readonly apart?: boolean;
}

/** A place in a view. */
export interface Seat {
	/** The topic that the events of the view arrive on. */
	readonly topic: string;
	/** Exactly once. */
	leave(): void;
}

interface View {
	readonly topic: string;
	readonly project: Project | undefined;
	seats: number;
}

interface Shown {
	/** By key. */
	readonly views: Map<string, View>;
	shape: Disposable | undefined;
}

/** The view that shows what was published, as it was. */
export const PLAIN = '';

/**
 * What subscribers of one topic see of its events, where that is not what was published. The first view of a topic has its name;
 * one that shows something else meanwhile has a name of its own, made of it. Each event is projected once for each view.
 */
export class Views {
	readonly #platform: Pick<Platform, 'shape'>;
	readonly #topics = new Map<string, Shown>();
	#count = 0;

	constructor(platform: Pick<Platform, 'shape'>) {
		this.#platform = platform;
	}

	/** A key, or a beginning of keys, that nobody else has. */
	key(): string {
		return `${++this.#count}`;
	}

	/** Takes a place in a view. */
	enter({ topic, key, project, apart = false }: Wanted): Seat {
		let shown = this.#topics.get(topic);
		if (!shown) this.#topics.set(topic, (shown = { views: new Map(), shape: undefined }));
		const { views } = shown;
		let view = views.get(key);
		if (!view) {
			const isFree = !apart && ![...views.values()].some((other) => other.topic === topic);
			view = { topic: isFree ? topic : `${topic}${VIEW_MARK}${++this.#count}`, project, seats: 0 };
			views.set(key, view);
			this.#reshape(topic, shown);
		}
		view.seats++;
		return { topic: view.topic, leave: () => this.#leave(topic, key) };
	}

	[Symbol.dispose](): void {
		for (const { shape } of this.#topics.values()) shape?.[Symbol.dispose]();
		this.#topics.clear();
	}

	#leave(topic: string, key: string): void {
		const shown = this.#topics.get(topic);
		const view = shown?.views.get(key);
		if (!shown || !view || --view.seats > 0) return;
		shown.views.delete(key);
		if (shown.views.size === 0) this.#topics.delete(topic);
		this.#reshape(topic, shown);
	}

	/** A topic that is seen as it was published only, costs nothing. */
	#reshape(topic: string, shown: Shown): void {
		const { views } = shown;
		const isPlain = [...views.values()].every((view) => view.topic === topic && !view.project);
		if (isPlain) {
			shown.shape?.[Symbol.dispose]();
			shown.shape = undefined;
		} else {
			shown.shape ??= this.#platform.shape(
				topic,
				(event, data) => projectAll(views, event, data),
				() => [...views.values()].map((view) => view.topic)
			);
		}
	}
}

function projectAll(views: ReadonlyMap<string, View>, event: string, data: unknown): readonly Shaped[] | null {
	const shaped: Shaped[] = [];
	let failed = 0;
	for (const { topic, project: run } of views.values()) {
		const seen = run ? run(event, data, topic) : { event, data };
		if (seen === 'failed') failed++;
		else if (seen) shaped.push({ ...seen, topic });
	}
	return failed > 0 && failed === views.size ? null : shaped;
}
