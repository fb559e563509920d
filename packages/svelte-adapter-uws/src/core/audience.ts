/**
 * Which form of an envelope a connection takes: bit 0 = batch frames, bit 1 = epochs in positions. Each variant of a topic
 * is an engine topic of its own, so a publish never looks at a socket to see what it can read.
 */
export type Variant = 0 | 1 | 2 | 3;

export const VARIANTS: readonly Variant[] = [0, 1, 2, 3];
export const takesBatches = (variant: Variant): boolean => (variant & 1) !== 0;
export const takesEpochs = (variant: Variant): boolean => (variant & 2) !== 0;

/** The variant of a client with these capabilities. */
export function variantOf(batch: boolean, epoch: boolean): Variant {
	return ((batch ? 1 : 0) | (epoch ? 2 : 0)) as Variant;
}

/** The engine's name for one variant of a topic. No topic holds a control character, so the names cannot meet. */
export function engineTopic(topic: string, variant: Variant): string {
	return variant === 0 ? topic : String.fromCharCode(variant) + topic;
}

/** Subscribers of one topic, by variant. */
export type Counts = [number, number, number, number];

/** How many connections of this node hold each topic. */
export class Audience {
	readonly #counts = new Map<string, Counts>();

	join(topic: string, variant: Variant): void {
		let counts = this.#counts.get(topic);
		if (!counts) this.#counts.set(topic, (counts = [0, 0, 0, 0]));
		counts[variant]++;
	}

	leave(topic: string, variant: Variant): void {
		const counts = this.#counts.get(topic);
		if (!counts) return;
		counts[variant]--;
		if (total(counts) === 0) this.#counts.delete(topic);
	}

	/** `undefined` when nobody listens. */
	of(topic: string): Readonly<Counts> | undefined {
		return this.#counts.get(topic);
	}

	size(topic: string): number {
		const counts = this.#counts.get(topic);
		return counts ? total(counts) : 0;
	}
}

function total(counts: Readonly<Counts>): number {
	return counts[0] + counts[1] + counts[2] + counts[3];
}
