import type { Origin, Shape, Shaped } from '../contract/platform.ts';
import { atOnce } from './isolation.ts';

type Views = () => Iterable<string>;

/** Which topics are shaped on their last hop, before the sockets of this node. */
export class Shapes {
	readonly #shapes = new Map<string, { readonly shape: Shape; readonly views: Views }>();

	/** `views` gives the other topics that the shape sends to. */
	add(topic: string, shape: Shape, views: Views = () => []): Disposable {
		if (this.#shapes.has(topic))
			throw new Error(`platform.shape: ${JSON.stringify(topic)} has a shape already. Dispose the other one first.`);
		const own = { shape, views };
		this.#shapes.set(topic, own);
		return {
			[Symbol.dispose]: () => {
				if (this.#shapes.get(topic) === own) this.#shapes.delete(topic);
			}
		};
	}

	/** Whether a topic is shaped. */
	has(topic: string): boolean {
		return this.#shapes.size > 0 && this.#shapes.has(topic);
	}

	/** Every topic on which sockets get what is published on this one. */
	shownOn(topic: string): ReadonlySet<string> {
		return new Set([topic, ...(this.#shapes.get(topic)?.views() ?? [])]);
	}

	/** What its shape says; `undefined` also where there is none. Throws what the shape throws, and a TypeError for what is no list. */
	apply(topic: string, event: string, data: unknown, origin: Origin): readonly Shaped[] | undefined | null {
		const shape = this.#shapes.size === 0 ? undefined : this.#shapes.get(topic)?.shape;
		if (!shape) return undefined;
		const shaped: unknown = atOnce('What the shape gave', shape(event, data, origin));
		if (shaped === undefined || shaped === null || Array.isArray(shaped)) return shaped;
		throw new TypeError(
			`The shape of ${JSON.stringify(topic)} gave a ${typeof shaped}. Give a list of events, nothing to leave the event as it is, or null to drop it.`
		);
	}
}
