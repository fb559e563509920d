import type { Connection } from '../../contract/connection.ts';
import type { Platform } from '../../contract/platform.ts';
import { checkFunction } from '../plugin/check.ts';

/** What goes through the functions; `topic`, `event` and `data` begin as those of the message and may be changed. */
export interface MiddlewareContext<Message = any> {
	readonly ws: Connection;
	readonly message: Message;
	readonly platform: Platform;
	topic: string;
	event: string;
	data: unknown;
	/** For what the functions tell each other; without a prototype. */
	readonly locals: Record<string, any>;
}

/** Lets a message pass by calling `next`, which resolves when all that follows is done; a second call does nothing more. */
export type MiddlewareFn = (context: MiddlewareContext, next: () => Promise<void>) => unknown;

/** Functions that a message goes through one after the other. */
export class Chain {
	readonly #functions: MiddlewareFn[] = [];

	constructor(functions: readonly MiddlewareFn[]) {
		for (const one of functions) this.use(one);
	}

	/** Adds a function at the end. Throws a TypeError for what is none. */
	use(one: MiddlewareFn): this {
		checkFunction('createMiddleware', one);
		this.#functions.push(one);
		return this;
	}

	/** The context as it came out, or `null` when some function did not let it pass. Rejects with what they throw. */
	async run(ws: Connection, message: unknown, platform: Platform): Promise<MiddlewareContext | null> {
		const { topic, event, data } = (message ?? {}) as MiddlewareContext;
		const context: MiddlewareContext = {
			ws,
			message,
			platform,
			topic,
			event,
			data,
			locals: Object.create(null) as Record<string, any>
		};
		const functions = [...this.#functions];
		let isThrough = false;
		const step = async (index: number): Promise<void> => {
			const one = functions[index];
			if (!one) {
				isThrough = true;
				return;
			}
			let rest: Promise<void> | undefined;
			let isOver = false;
			const next = (): Promise<void> => {
				if (!rest) {
					rest = step(index + 1);
					rest.then(
						() => (isOver = true),
						() => (isOver = true)
					);
				}
				return rest;
			};
			await one(context, next);
			// A function that did not wait for the rest has not seen how it ended; one that did may have dealt with its error.
			if (rest && !isOver) await rest;
		};
		await step(0);
		return isThrough ? context : null;
	}
}
