import type { Recipient, RequestHead } from '../../contract/http.ts';
import type { ProxyConfig } from './address.ts';
import { WholeBody } from './compress.ts';
import { takeWhole } from './whole.ts';

/** What the app made of a request. */
export interface Render {
	readonly response: Response;
	/** All of the body, taken out of the response; absent when it is still to come, or not looked at. */
	readonly body?: WholeBody;
	/** The app has asked who the client is. */
	readonly isPersonal: boolean;
}

/** Makes one render; never rejects. */
export type RenderOnce = () => Promise<Render>;

const MAX_IN_FLIGHT = 500;
/** Bytes of a body that several clients get. */
const MAX_SHARED_BYTES = 524_288;

/**
 * Headers that say how a request came here, and not what it asks for. `accept-encoding` is among them because responses are
 * compressed after they have been shared.
 */
const TRAVEL: readonly string[] = [
	...['accept-encoding', 'connection', 'keep-alive', 'te', 'via'],
	...['forwarded', 'x-forwarded-for', 'x-real-ip', 'true-client-ip', 'cf-connecting-ip', 'fly-client-ip'],
	...['x-request-id', 'x-correlation-id', 'traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid'],
	...['x-amzn-trace-id', 'x-cloud-trace-context', 'cf-ray', 'fly-request-id', 'x-vercel-id']
];

type Outcome = { readonly render: Render & { readonly body: WholeBody } } | 'own' | 'again';

/** A render under way. Most have nobody waiting, so that what waiting takes is made when somebody does. */
class Flight {
	/** For whom it is made. */
	readonly client: Recipient;
	#waiting: PromiseWithResolvers<Outcome> | undefined;

	constructor(client: Recipient) {
		this.client = client;
	}

	get isAwaited(): boolean {
		return this.#waiting !== undefined;
	}

	/** What comes of it. Whoever waits must not depend on an app that stops because its client has left. */
	outcome(): Promise<Outcome> {
		if (!this.#waiting) {
			this.#waiting = Promise.withResolvers();
			this.client.signal.addEventListener('abort', this.#leave, { once: true });
		}
		return this.#waiting.promise;
	}

	land(outcome: Outcome): void {
		if (!this.#waiting) return;
		this.client.signal.removeEventListener('abort', this.#leave);
		this.#waiting.resolve(outcome);
	}

	readonly #leave = (): void => this.land('again');
}

/**
 * Lets equal anonymous reads that overlap in time share one render. Equal means: method, target and every header but those
 * that tell how the request travelled. Whoever sends cookies or credentials always gets a render of their own, and so does
 * everybody whose response is a stream or says in its headers that it is not for all.
 */
export class SharedRenders {
	readonly #flights = new Map<string, Flight>();
	readonly #ignored: ReadonlySet<string>;

	constructor({ hostHeader, protocolHeader, portHeader, addressHeader }: ProxyConfig) {
		const ignored = new Set(TRAVEL);
		if (addressHeader) ignored.add(addressHeader);
		for (const name of [hostHeader, protocolHeader, portHeader]) if (name) ignored.delete(name);
		this.#ignored = ignored;
	}

	/** The render for a request: its own, or one that an equal request has begun. */
	async get(head: RequestHead, client: Recipient, render: RenderOnce): Promise<Render> {
		const key = this.#key(head);
		if (key === undefined) return render();
		for (;;) {
			const flight = this.#flights.get(key);
			if (!flight || flight.client.gone)
				return this.#flights.size < MAX_IN_FLIGHT ? this.#lead(key, new Flight(client), render) : render();
			const outcome = await untilAborted(flight.outcome(), client.signal);
			if (outcome === 'own' || outcome === undefined) return render();
			if (outcome !== 'again') return outcome.render;
		}
	}

	async #lead(key: string, flight: Flight, render: RenderOnce): Promise<Render> {
		const end = (): void => void (this.#flights.get(key) === flight && this.#flights.delete(key));
		this.#flights.set(key, flight);
		try {
			const own = await render();
			end();
			if (!flight.isAwaited || flight.client.gone || own.isPersonal || !isForAll(own.response)) return own;
			const { bytes, response } = await takeWhole(own.response);
			if (!bytes) return { ...own, response };
			const taken = { ...own, body: new WholeBody(bytes) };
			if (bytes.byteLength <= MAX_SHARED_BYTES) flight.land({ render: taken });
			return taken;
		} finally {
			end();
			flight.land('own');
		}
	}

	/** `undefined` = nobody else may get what this request gets. */
	#key({ method, path, query, headers }: RequestHead): string | undefined {
		if (method !== 'GET' && method !== 'HEAD') return undefined;
		let key = `${method} ${path}?${query}`;
		for (let index = 0; index < headers.length; index++) {
			const [name, value] = headers[index]!;
			if (name === 'cookie' || name === 'authorization') return undefined;
			if (!this.#ignored.has(name)) key += `\n${name}:${value}`;
		}
		return key;
	}
}

function isForAll({ body, headers }: Response): boolean {
	if (!body || headers.has('set-cookie')) return false;
	if (/\b(?:no-store|private)\b/i.test(headers.get('cache-control') ?? '')) return false;
	if (/^\s*text\/event-stream\b/i.test(headers.get('content-type') ?? '')) return false;
	return (headers.get('vary') ?? '').split(',').every((name) => /^\s*(?:accept-encoding)?\s*$/i.test(name));
}

/** `undefined` when `signal` aborts first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
	if (signal.aborted) return Promise.resolve(undefined);
	return new Promise((resolve) => {
		const leave = (): void => resolve(undefined);
		signal.addEventListener('abort', leave, { once: true });
		void promise.then((value) => {
			signal.removeEventListener('abort', leave);
			resolve(value);
		});
	});
}
