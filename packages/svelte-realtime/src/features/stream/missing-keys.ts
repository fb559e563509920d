import type { MergeName } from 'svelte-adapter-uws/merge';
import { Followed } from './followed.ts';
import type { Plan } from './plan.ts';

/** The events that pages tell rows apart by. */
const KEYED: Partial<Record<MergeName, readonly string[]>> = {
	crud: ['created', 'updated', 'deleted'],
	presence: ['join', 'leave'],
	cursor: ['update', 'remove']
};

/** Says once, in development, that an event of a stream lacks the field that tells its rows apart: pages ignore such an event. */
export class MissingKeys implements Disposable {
	readonly #plan: Plan;
	readonly #events: readonly string[] | undefined;
	readonly #key: string;
	readonly #followed = new Followed();
	#isTold = false;

	constructor(plan: Plan) {
		this.#plan = plan;
		const { merge = 'crud', key = 'id', transform } = plan.options;
		this.#key = merge === 'crud' ? key : 'key';
		// What a transform makes of the data may have the field.
		this.#events = plan.host.dev && !transform ? KEYED[merge] : undefined;
	}

	/** Somebody follows a topic; gives how it ends. */
	enter(topic: string): () => void {
		// For those who watch, * stands for more than itself.
		if (!this.#events || this.#isTold || topic.includes('*')) return () => {};
		const { host, path } = this.#plan;
		return this.#followed.enter(topic, () => host.watch(path, [topic], ({ event, data }) => this.#look(event, data)));
	}

	[Symbol.dispose](): void {
		this.#followed[Symbol.dispose]();
	}

	#look(event: string, data: unknown): void {
		if (this.#isTold || !this.#events?.includes(event)) return;
		const row = Object(data) as Record<string, unknown>;
		const key = Object.hasOwn(row, this.#key) ? row[this.#key] : undefined;
		if (key !== undefined && typeof key !== 'object') return;
		this.#isTold = true;
		const { host, path } = this.#plan;
		host.warn(
			`${path}: an event ${JSON.stringify(event)} came without the field ${JSON.stringify(this.#key)}, and pages ignore it. Publish it with the field, or name another one with the option key.`
		);
	}
}
