import type { Connection } from '../../contract/connection.ts';
import type { Platform } from '../../contract/platform.ts';
import { isTopic } from '../../protocol/topic.ts';

/** Checks the data of one event: a function whose result is published, an object with `parse`, or nothing at all. */
export type Validator<Data = any> = ((data: unknown) => Data) | { parse(data: unknown): Data } | null | undefined;

/** Validators by the names of events. */
export type EventMap = Readonly<Record<string, Validator>>;

/** Publishes the events of one topic, and nothing else. */
export class TopicChannel<Events extends EventMap> {
	readonly topic: string;
	/** The names of its events. */
	readonly events: readonly (keyof Events & string)[];
	readonly #validators: ReadonlyMap<string, Validator>;

	constructor(topic: string, events: Events) {
		if (!isTopic(topic))
			throw new TypeError(
				'createChannel: topic: expected 1 to 256 characters without control characters, quotes and backslashes.'
			);
		if (typeof events !== 'object' || events === null || Object.keys(events).length === 0)
			throw new TypeError(`createChannel ${topic}: events: expected an object with at least one event.`);
		for (const [name, validator] of Object.entries(events)) {
			const isOne = validator === null || validator === undefined || typeof validator === 'function' || hasParse(validator);
			if (!isOne)
				throw new TypeError(
					`createChannel ${topic}: event ${name}: expected a function, an object with parse, null or undefined.`
				);
		}
		this.topic = topic;
		this.events = Object.keys(events);
		this.#validators = new Map(Object.entries(events));
	}

	/** Checks the data and publishes it. Throws for an event that there is none of, and for data that its validator refuses. */
	publish(platform: Platform, event: keyof Events & string, data?: unknown): boolean {
		return platform.publish(this.topic, event, this.#check(event, data));
	}

	/** The same to one client. */
	send(platform: Platform, ws: Connection, event: keyof Events & string, data?: unknown): 0 | 1 | 2 {
		return platform.send(ws, this.topic, event, this.#check(event, data));
	}

	#check(event: string, data: unknown): unknown {
		if (!this.#validators.has(event))
			throw new Error(`Channel ${this.topic}: there is no event ${String(event)}. It has: ${this.events.join(', ')}.`);
		const validator = this.#validators.get(event);
		if (!validator) return data;
		let result: unknown;
		try {
			result = typeof validator === 'function' ? validator(data) : validator.parse(data);
		} catch (cause) {
			const why = cause instanceof Error ? cause.message : String(cause);
			throw new TypeError(`Channel ${this.topic}: the data of ${event} is not valid: ${why}`, { cause });
		}
		if (result instanceof Promise) {
			// Nobody waits for it any more.
			result.catch(() => {});
			throw new TypeError(`Channel ${this.topic}: the validator of ${event} gave a promise. Use one that answers at once.`);
		}
		return result;
	}
}

function hasParse(validator: unknown): boolean {
	return typeof validator === 'object' && validator !== null && typeof (validator as { parse?: unknown }).parse === 'function';
}
