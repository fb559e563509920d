import type { Platform } from 'svelte-adapter-uws/contract';
import { attachedTo } from './attached.ts';
import { problem } from './define/problem.ts';
import { isTopic, TOPIC_RULE } from './define/stream.ts';
import { platforms } from './platforms.ts';
import { publishOn } from './runtime/context.ts';
import { atOnce } from './shared/thenable.ts';

/** Bytes that a body may have unless it says otherwise. */
const MAX_SIZE = 1024 * 1024;
/** Milliseconds in which an event that came before is known again, and after which one that was never finished may be tried again. */
const KNOWN_MS = 24 * 60 * 60 * 1_000;
const CLAIM_MS = 60_000;

/** What came in. */
export interface WebhookRequest {
	/** The body as text, exactly as it came: signatures are about it. */
	readonly body: string;
	/** As they were handed over, such as the `Headers` of a request. */
	readonly headers: any;
}

/** What is published of one event. */
export interface WebhookMessage {
	readonly event: string;
	readonly data?: unknown;
}

/** Options of `live.webhook`. */
export interface WebhookOptions<Event = any> {
	/** Checks the signature, and gives the event; `undefined` and `true` mean that the body is it, as JSON. Refuse by throwing, or with `false`. */
	readonly verify: (request: WebhookRequest) => Event | Promise<Event>;
	/** What to publish of it; nothing if it gives none. */
	readonly transform: (
		event: Event
	) =>
		| WebhookMessage
		| readonly WebhookMessage[]
		| null
		| undefined
		| false
		| Promise<WebhookMessage | readonly WebhookMessage[] | null | undefined | false>;
	/** The id of an event: one that was published within the last day is not published again. Counted in the stores of the server. */
	readonly dedupe?: (event: Event) => string;
	/** Bytes of a body over which it is refused with 413. Default 1 MiB. */
	readonly maxSize?: number;
}

/** What to answer. */
export interface WebhookAnswer {
	readonly status: number;
	readonly body: string;
}

/** An endpoint for the events of another service. */
export interface Webhook {
	/** Takes a body that was read already. Never rejects. `platform` defaults to that of the server of this process. */
	handle(input: {
		readonly body: string | Uint8Array | ArrayBuffer;
		readonly headers: unknown;
		readonly platform?: Platform | undefined;
	}): Promise<WebhookAnswer>;
	/** A `POST` of a `+server` file. */
	POST(event: { readonly request: Request; readonly platform?: Platform | undefined }): Promise<Response>;
}

/** `live.webhook`. */
export interface WebhookMaker {
	/**
	 * Publishes what another service tells, once its signature was checked.
	 * @example
	 * // src/lib/server/orders.ts
	 * export const orders = live.webhook('orders', { verify: ({ body, headers }) => stripe.webhooks.constructEvent(body, headers.get('stripe-signature'), SECRET),
	 *   transform: (event) => ({ event: 'created', data: event.data.object }), dedupe: (event) => event.id });
	 * // src/routes/hooks/orders/+server.ts
	 * export const POST = orders.POST;
	 */
	webhook<Event>(topic: string, options: WebhookOptions<Event>): Webhook;
}

const OPTIONS: readonly string[] = ['verify', 'transform', 'dedupe', 'maxSize'];
const TOO_LARGE: WebhookAnswer = { status: 413, body: 'The body is too large.' };

export const webhook: WebhookMaker['webhook'] = (topic, options) => {
	const what = 'live.webhook';
	if (!isTopic(topic)) throw problem(what, 'topic', topic, TOPIC_RULE);
	if (typeof options !== 'object' || options === null)
		throw problem(what, 'options', options, 'an object with verify and transform');
	for (const name of Object.keys(options)) if (!OPTIONS.includes(name)) throw problem(what, 'options', name, OPTIONS.join(', '));
	const { verify, transform, dedupe, maxSize = MAX_SIZE } = options;
	for (const [name, value] of Object.entries({ verify, transform, ...(dedupe ? { dedupe } : {}) }))
		if (typeof value !== 'function') throw problem(what, name, value, 'a function');
	if (!(Number.isSafeInteger(maxSize) && maxSize > 0)) throw problem(what, 'maxSize', maxSize, 'bytes, a whole number above 0');

	const handle: Webhook['handle'] = async ({ body, headers, platform = [...platforms()].at(-1) }) => {
		const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);
		if (bytes.length > maxSize) return TOO_LARGE;
		const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
		let event: any;
		try {
			event = await verify({ body: text, headers });
			if (event === undefined || (event as unknown) === true) event = JSON.parse(text);
		} catch {
			event = false;
		}
		if (event === false) return { status: 400, body: 'The signature or the body is not valid.' };
		try {
			if (!platform) throw new Error('A webhook was called before the server has started. Pass { platform: event.platform }.');
			return dedupe
				? await once(platform, topic, atOnce(`${what}: dedupe`, dedupe(event)), () => tell(platform, event))
				: await tell(platform, event);
		} catch (error) {
			report(platform, topic, error);
			return { status: 500, body: 'The event could not be taken. Send it again.' };
		}
	};

	const tell = async (platform: Platform, event: any): Promise<WebhookAnswer> => {
		const result = await transform(event);
		if (!result) return { status: 200, body: 'ignored' };
		const messages: readonly unknown[] = Array.isArray(result) ? result : [result];
		for (const message of messages) if (!isMessage(message)) throw new TypeError(`${what}: transform gave no { event, data }.`);
		for (const message of messages as readonly WebhookMessage[])
			publishOn(platform, topic, message.event, message.data, undefined);
		return { status: 200, body: 'ok' };
	};

	return {
		handle,
		async POST({ request, platform }) {
			const body = await readBody(request, maxSize);
			const { status, body: text } = body ? await handle({ body, headers: request.headers, platform }) : TOO_LARGE;
			return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
		}
	};
};

/** Runs what publishes an event, unless the event is known. One that fails may come again. */
async function once(platform: Platform, topic: string, id: string, run: () => Promise<WebhookAnswer>): Promise<WebhookAnswer> {
	if (typeof id !== 'string' || id === '') throw new TypeError('live.webhook: dedupe gave no text.');
	const { idempotency } = platform.stores;
	const key = `webhook:${topic}:${id}`;
	const claim = await idempotency.claim(key, CLAIM_MS);
	if (claim.state === 'settled') return { status: 200, body: 'duplicate' };
	if (claim.state === 'pending') return { status: 409, body: 'The event is being taken. Send it again later.' };
	const noted = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => report(platform, topic, error));
	let answer: WebhookAnswer;
	try {
		answer = await run();
	} catch (error) {
		await noted(idempotency.abandon(key, claim.token));
		throw error;
	}
	// It is published, so it must not be sent again, whatever becomes of repeats.
	await noted(idempotency.settle(key, claim.token, null, KNOWN_MS));
	return answer;
}

function report(platform: Platform | undefined, topic: string, error: unknown): void {
	const runtime = platform && attachedTo(platform);
	if (runtime) runtime.report(`webhook ${topic}`, error);
	// eslint-disable-next-line no-console -- without a server there is nobody else to tell
	else console.error('[svelte-realtime]', error);
}

const isMessage = (value: unknown): value is WebhookMessage =>
	typeof value === 'object' && value !== null && typeof (value as Partial<WebhookMessage>).event === 'string';

/** The body, read no further than it may be long; `undefined` when it is longer. */
async function readBody(request: Request, maxSize: number): Promise<Uint8Array | undefined> {
	if (Number(request.headers.get('content-length') ?? 0) > maxSize) return undefined;
	const parts: Uint8Array[] = [];
	let length = 0;
	for await (const part of request.body ?? []) {
		if ((length += part.length) > maxSize) return undefined;
		parts.push(part);
	}
	return new Uint8Array(Buffer.concat(parts));
}
