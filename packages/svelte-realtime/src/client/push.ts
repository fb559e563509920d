import type { Envelope } from 'svelte-adapter-uws/contract';
import { attachTo, hasServer, pushHandlers, type Attach } from './page.ts';

/** Hears a signal. */
export type SignalListener = (event: string, data: any) => void;

const SIGNAL = '__signal:';

/**
 * Answers what the server asks this page with `live.push`: what the handler gives is the answer, what it throws rejects the push. One
 * handler an event; a later one takes the place of the one before. Events without a handler are refused. Gives what takes the handler
 * away. Throws a TypeError for bad arguments. It takes the place of the adapter's `onRequest`.
 * @example onPush('confirm', ({ op }) => window.confirm(`Really ${op}?`));
 */
export function onPush(event: string, handler: (data: any) => unknown): () => void {
	if (typeof event !== 'string' || event === '') throw new TypeError('onPush(event, handler): the event is a text.');
	if (typeof handler !== 'function') throw new TypeError('onPush(event, handler): the handler is a function (data) => answer.');
	// A render on the server must leave nothing behind.
	if (!hasServer()) return () => {};
	const handlers = pushHandlers();
	handlers.set(event, handler);
	attachTo(answering);
	return () => {
		if (handlers.get(event) === handler) handlers.delete(event);
	};
}

const answering: Attach = (connection) => connection.onRequest(answer);

function answer(event: string, data: unknown): unknown {
	const handler = pushHandlers().get(event);
	if (!handler) throw new Error(`The page has no handler for ${event}.`);
	return handler(data);
}

/**
 * Hears signals: those for one user, or, without an id, those for the user of this connection. Gives what stops it.
 * @example const stop = onSignal((event, data) => event === 'call' && ring(data.from));
 */
export function onSignal(listener: SignalListener): () => void;
export function onSignal(userId: string, listener: SignalListener): () => void;
export function onSignal(first: string | SignalListener, second?: SignalListener): () => void {
	const listener = typeof first === 'function' ? first : second;
	if (typeof listener !== 'function' || (typeof first !== 'function' && (typeof first !== 'string' || first === '')))
		throw new TypeError(
			'onSignal(userId, listener) takes the id of a user, which may be left out, and a function (event, data).'
		);
	const isWanted =
		typeof first === 'string' ? (topic: string) => topic === SIGNAL + first : (topic: string) => topic.startsWith(SIGNAL);
	return attachTo((connection) =>
		connection.tap((envelopes: readonly Envelope[]) => {
			for (const { topic, event, data } of envelopes) if (isWanted(topic)) listener(event, data);
		})
	);
}
