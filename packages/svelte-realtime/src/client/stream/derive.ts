import type { Readable } from 'svelte-adapter-uws/contract';
import { asked, rune, type Rune } from '../svelte.ts';

/** The items of a stream, each mapped. */
export interface MappedStore<U> extends Readable<U[]> {
	/** For Svelte 5. */
	rune(): Rune<U[]>;
	map<V>(change: (item: U, index: number) => V): MappedStore<V>;
}

/**
 * When a stream is followed: a fixed answer, a store, or a function, which is asked at each subscribe and, in Svelte 5, whenever the
 * state changes that it has read.
 */
export type Condition = boolean | Readable<unknown> | (() => unknown);

/** The items of a list, mapped when somebody looks. What is no list counts as an empty one. */
export function map<T, U>(store: Readable<unknown>, change: (item: T, index: number) => U): MappedStore<U> {
	let warned = false;
	const mapped: MappedStore<U> = {
		subscribe(run) {
			let last: unknown;
			let items: U[] | undefined;
			return store.subscribe((value) => {
				if (items && Object.is(value, last)) return;
				last = value;
				if (!Array.isArray(value) && value !== undefined && value !== null && !warned) {
					warned = true;
					// eslint-disable-next-line no-console -- an empty list would be a riddle
					console.warn('[svelte-realtime] map() is for streams whose value is a list; this one shows an empty list.');
				}
				items = Array.isArray(value) ? (value as T[]).map((item, index) => change(item, index)) : [];
				run(items);
			});
		},
		rune: () => rune(mapped),
		map: (next) => map(mapped, next)
	};
	return mapped;
}

/** The store while the condition holds, and `undefined` otherwise: it is followed only then. */
export function when<T>(store: Readable<T>, condition: Condition): Readable<T | undefined> {
	return {
		subscribe(run) {
			let stop: (() => void) | undefined;
			const follow = (active: boolean): void => {
				if (active === (stop !== undefined)) return;
				if (active) stop = store.subscribe(run);
				else {
					stop?.();
					stop = undefined;
					run(undefined);
				}
			};
			const source = typeof condition === 'function' ? asked(condition) : condition;
			if (isStore(source)) {
				let first = true;
				const end = source.subscribe((value) => {
					if (first && !value) run(undefined);
					first = false;
					follow(Boolean(value));
				});
				return () => {
					end();
					stop?.();
				};
			}
			const active = Boolean(source);
			if (active) follow(true);
			else run(undefined);
			return () => stop?.();
		}
	};
}

/**
 * A store out of several: `merge` gets their values, again after each change. What it gives a second time is told once, and it
 * follows them only while somebody follows it.
 */
export function combine<const Stores extends readonly [Readable<any>, Readable<any>, ...Readable<any>[]], T>(
	...parts: [
		...stores: Stores,
		merge: (...values: { -readonly [K in keyof Stores]: Stores[K] extends Readable<infer V> ? V : never }) => T
	]
): Readable<T> {
	const merge = parts.at(-1) as unknown as (...values: unknown[]) => T;
	const sources = parts.slice(0, -1) as unknown as readonly Readable<unknown>[];
	if (typeof merge !== 'function' || sources.length < 2 || !sources.every(isStore))
		throw new TypeError('combine() takes two or more stores, and then a function of their values: combine(a, b, (a, b) => …).');
	return {
		subscribe(run) {
			const values: unknown[] = sources.map(() => undefined);
			let ready = false;
			let told: { readonly value: T } | undefined;
			const tell = (): void => {
				if (!ready) return;
				const value = merge(...values);
				if (told && Object.is(told.value, value)) return;
				told = { value };
				run(value);
			};
			const stops: (() => void)[] = [];
			const leave = (): void => {
				for (const stop of stops) stop();
			};
			try {
				for (const [i, source] of sources.entries())
					stops.push(
						source.subscribe((value) => {
							values[i] = value;
							tell();
						})
					);
				ready = true;
				tell();
			} catch (error) {
				// Whoever watches gets nothing to leave with.
				leave();
				throw error;
			}
			return leave;
		}
	};
}

function isStore(value: unknown): value is Readable<unknown> {
	return typeof value === 'object' && value !== null && typeof (value as { subscribe?: unknown }).subscribe === 'function';
}
