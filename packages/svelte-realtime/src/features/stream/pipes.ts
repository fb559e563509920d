import type { Context } from '../../define/context.ts';
import type { PipeStep } from '../../define/pipe-step.ts';
import type { StreamOptions } from '../../define/stream-options.ts';
import type { Host } from '../../runtime/host.ts';
import { LiveError } from '../../shared/error.ts';
import { sorted, type Sort } from '../../shared/order.ts';
import { atOnce } from '../../shared/thenable.ts';

type Step<Name extends PipeStep['step']> = Extract<PipeStep, { readonly step: Name }>;

/** What takes an item away, and what changes one that is there. */
const EVENTS = {
	crud: { remove: 'deleted', change: 'updated' },
	presence: { remove: 'leave', change: 'join' },
	cursor: { remove: 'remove', change: 'update' }
} as const;

/** Milliseconds that what is joined to an event may take. */
const JOIN_MS = 30_000;

/** One event, without its place. */
export interface StreamEvent {
	readonly event: string;
	readonly data: unknown;
}

export interface Joining {
	readonly failed: (error: unknown) => void;
	readonly after: Host['after'];
}

/** The pipes of one stream. */
export class Pipes {
	readonly #steps: readonly PipeStep[];
	readonly #filters: readonly Step<'filter'>[];
	readonly #joins: readonly Step<'join'>[];
	readonly #options: StreamOptions;
	readonly #key: string;
	/** Each subscriber may see other items. */
	readonly isPersonal: boolean;

	constructor(steps: readonly PipeStep[], options: StreamOptions) {
		this.#steps = steps;
		this.#options = options;
		this.#key = options.key ?? 'id';
		this.#filters = steps.filter((step) => step.step === 'filter');
		this.#joins = steps.filter((step) => step.step === 'join');
		this.isPersonal = this.#filters.some(({ usesContext }) => usesContext);
	}

	/** Whether events are changed. */
	get changesEvents(): boolean {
		return this.#filters.length > 0 || this.#joins.length > 0;
	}

	/** Whether events have to wait for something. */
	get waits(): boolean {
		return this.#joins.length > 0;
	}

	/** What clients have to do by themselves to keep what the pipes began. */
	get rules(): { readonly sort?: Sort; readonly limit?: number } {
		const sort = this.#steps.findLast((step) => step.step === 'sort');
		const limits = this.#steps.flatMap((step) => (step.step === 'limit' ? [step.count] : []));
		return {
			...(sort ? { sort: { field: sort.field, direction: sort.direction } } : {}),
			...(limits.length > 0 ? { limit: Math.min(...limits) } : {})
		};
	}

	/** The first value, or a page of it. */
	async value(data: unknown, context: Context): Promise<unknown> {
		let value = data;
		for (const step of this.#steps) {
			if (step.step === 'custom') value = await step.transformInit(value, context);
			else if (Array.isArray(value)) value = await apply(step, value, context);
		}
		return value;
	}

	/** What is left of an event after the filters; `null` = nothing. Without a context no filter may look at one. */
	filter(event: string, data: unknown, context: Context | undefined): { readonly event: string; readonly data: unknown } | null {
		if (this.#filters.length === 0) return { event, data };
		const passes = (item: unknown): boolean => this.#filters.every((step) => isPassed(step, item, context));
		// A list, as `refreshed` and `set` bring it.
		if (Array.isArray(data)) return { event, data: data.filter(passes) };
		const { merge = 'crud' } = this.#options;
		if (event === 'refreshed' || merge === 'set') return { event, data };
		if (merge === 'latest') return passes(data) ? { event, data } : null;
		const { remove, change } = EVENTS[merge];
		const field = merge === 'crud' ? this.#key : 'key';
		// Not the item itself, which this client may not see any more.
		const gone = (): { event: string; data: unknown } => ({ event: remove, data: pick(data, field) });
		if (event === remove) return gone();
		// An item that begins to pass is new to the client; one that it has is replaced.
		if (passes(data)) return { event: merge === 'crud' && event === 'updated' ? 'created' : event, data };
		return event === change ? gone() : null;
	}

	/**
	 * Adds what is joined to the item, or the items, of an event. What cannot be found, or not in time, is `null`, and its failure is
	 * told: the events behind it wait. An item that goes stays as it is.
	 */
	async join({ event, data }: StreamEvent, { failed, after }: Joining): Promise<unknown> {
		const { merge = 'crud' } = this.#options;
		if (typeof data !== 'object' || data === null) return data;
		if (merge !== 'set' && merge !== 'latest' && event === EVENTS[merge].remove) return data;
		const isList = Array.isArray(data);
		let joined: readonly unknown[] = isList ? data : [data];
		for (const { resolve, ...step } of this.#joins) {
			const find = async (value: unknown): Promise<unknown> => {
				const late = Promise.withResolvers<never>();
				const timer = after(JOIN_MS, () =>
					late.reject(new LiveError('TIMEOUT', `pipe.join of ${step.field} found nothing within ${JOIN_MS} ms.`))
				);
				try {
					return await Promise.race([resolve(value), late.promise]);
				} catch (error) {
					failed(error);
					return null;
				} finally {
					timer[Symbol.dispose]();
				}
			};
			joined = await joinAll({ ...step, resolve: find }, joined);
		}
		return isList ? joined : joined[0];
	}
}

function isPassed({ passes, usesContext }: Step<'filter'>, item: unknown, context: Context | undefined): boolean {
	return atOnce('pipe.filter', passes(usesContext ? context : undefined, item)) === true;
}

function pick(data: unknown, field: string): unknown {
	return typeof data === 'object' && data !== null ? { [field]: (data as Record<string, unknown>)[field] } : data;
}

function apply(step: Exclude<PipeStep, Step<'custom'>>, items: readonly unknown[], context: Context): unknown {
	switch (step.step) {
		case 'filter':
			return items.filter((item) => isPassed(step, item, context));
		case 'sort':
			return sorted(items, step);
		case 'limit':
			return items.slice(0, step.count);
		case 'join':
			return joinAll(step, items);
	}
}

/** Asks once for each value. */
async function joinAll({ field, resolve, as }: Step<'join'>, items: readonly unknown[]): Promise<readonly unknown[]> {
	const asked = new Map<unknown, unknown>();
	for (const item of items) {
		const value = read(item, field);
		if (!asked.has(value)) asked.set(value, resolve(value));
	}
	const found = new Map(await Promise.all([...asked].map(async ([value, answer]) => [value, await answer] as const)));
	return items.map((item) =>
		typeof item === 'object' && item !== null ? { ...item, [as]: found.get(read(item, field)) ?? null } : item
	);
}

function read(item: unknown, field: string): unknown {
	return typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[field] : undefined;
}
