import { LONGEST_TIMEOUT } from '../environment.ts';
import { openPage } from '../page.ts';
import { hold, toEvent, type WSEvent } from './topic.ts';

/** How long `once` waits. */
export interface OnceOptions {
	/** Milliseconds after which the promise rejects. Default: never. */
	readonly timeout?: number;
	/** Rejects with its reason when it aborts. */
	readonly signal?: AbortSignal;
}

/**
 * Waits for the next event of a topic, or the next of one name; what was there before does not count. Rejects after `timeout`, when
 * `signal` aborts, and when the connection has ended for good.
 * @example const { data } = await once<Order>('orders', 'paid', { timeout: 10_000 });
 */
export function once<T = unknown>(topic: string, options?: OnceOptions): Promise<WSEvent<T>>;
export function once<T = unknown>(topic: string, event: string, options?: OnceOptions): Promise<{ readonly data: T }>;
export function once(topic: string, second?: string | OnceOptions, third?: OnceOptions): Promise<unknown> {
	const event = typeof second === 'string' ? second : undefined;
	const { timeout, signal } = (typeof second === 'string' ? third : second) ?? {};
	const client = openPage();
	const stops: (() => void)[] = [];
	return new Promise((resolve, reject) => {
		stops.push(
			hold(client, topic, (envelopes) => {
				const found = envelopes.find((envelope) => event === undefined || envelope.event === event);
				if (found) resolve(event === undefined ? toEvent(found) : { data: found.data });
			}),
			client.status.subscribe((status) => {
				if (status === 'failed')
					reject(new Error(`once(): the connection ended before ${event ?? 'an event'} came on ${topic}.`));
			})
		);
		const abort = (): void => reject(signal!.reason);
		signal?.addEventListener('abort', abort);
		stops.push(() => signal?.removeEventListener('abort', abort));
		if (signal?.aborted) abort();
		// Browsers run timers at once that are set to more than they can count.
		if (timeout === undefined || timeout > LONGEST_TIMEOUT) return;
		const timer = setTimeout(
			() => reject(new Error(`once(): no ${event ?? 'event'} came on ${topic} within ${timeout} ms.`)),
			timeout
		);
		stops.push(() => clearTimeout(timer));
	}).finally(() => stops.forEach((stop) => stop()));
}
