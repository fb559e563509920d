import type { Encoded, Position } from '../contract/envelope.ts';
import type { Origin } from '../contract/platform.ts';
import type { Audience } from './audience.ts';
import type { Report } from './isolation.ts';
import type { Shapes } from './shapes.ts';

/** What leaves for the sockets of this node, without the position of the envelope that it was made of. */
export interface Leaving {
	readonly topic: string;
	readonly head: string;
	readonly seq: boolean;
	readonly coalesceKey: string | undefined;
}

export interface LastHopParts {
	readonly audience: Audience;
	readonly shapes: Shapes;
	readonly report: Report;
	/** The text of an envelope up to its position; throws for what cannot travel. */
	readonly encode: (topic: string, event: string, data: unknown) => string;
}

/** Between an envelope and the sockets of this node: what the shape of its topic makes of it, encoded for those topics alone that somebody holds. */
export class LastHop {
	readonly #parts: LastHopParts;

	constructor(parts: LastHopParts) {
		this.#parts = parts;
	}

	/**
	 * What leaves in the place of an envelope; `undefined` = the envelope itself, `null` = nothing at all. Throws what a shape throws,
	 * but for an envelope of another node, which is dropped then.
	 */
	of(topic: string, event: string, data: unknown, origin: Origin = 'local'): readonly Leaving[] | undefined | null {
		if (!this.#parts.shapes.has(topic)) return undefined;
		try {
			return this.#apply(topic, event, data, origin);
		} catch (error) {
			if (origin === 'local') throw error;
			this.#parts.report('shape', error);
			return null;
		}
	}

	#apply(topic: string, event: string, data: unknown, origin: Origin): readonly Leaving[] | undefined | null {
		const { audience, shapes, encode } = this.#parts;
		const shaped = shapes.apply(topic, event, data, origin);
		if (!shaped) return shaped;
		const leaving: Leaving[] = [];
		for (const one of shaped) {
			const to = one.topic ?? topic;
			if (audience.of(to) === undefined) continue;
			const { event: name, seq, coalesceKey } = one;
			leaving.push({ topic: to, head: encode(to, name, one.data), seq: seq !== false, coalesceKey });
		}
		return leaving;
	}
}

/** What leaves, with the position of its envelope unless it goes without one. */
export function positioned({ topic, head, seq }: Leaving, position: Position | undefined): Encoded {
	return seq && position ? { topic, head, position } : { topic, head };
}
