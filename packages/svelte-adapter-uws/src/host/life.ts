import type { Clock } from '../contract/clock.ts';
import type { HttpHandler } from '../contract/http.ts';
import type { HttpServing } from '../http/handler.ts';

/** Milliseconds without a request after which nobody is taken to be about to send one on a connection that is open. */
const QUIET_MS = 250;

/** Where a server stands between its start and its end, and the requests that it has seen. */
export class Life {
	readonly #ready = Promise.withResolvers<void>();
	#stage: 'starting' | 'ready' | 'announced' | 'closing' = 'starting';
	#requests = 0;

	/** False from the announcement of the end on: load balancers stop sending. */
	get isHealthy(): boolean {
		return this.#stage === 'starting' || this.#stage === 'ready';
	}

	/** Whether the app may be asked by new clients. */
	get isReady(): boolean {
		return this.#stage === 'ready';
	}

	/** True while nothing is accepted any more, and answers ask clients to end their connections. */
	get isClosing(): boolean {
		return this.#stage === 'closing';
	}

	/** Requests so far, whoever answered them. */
	get requests(): number {
		return this.#requests;
	}

	start(): void {
		this.#stage = 'ready';
		this.#ready.resolve();
	}

	announceEnd(): void {
		this.#stage = 'announced';
	}

	close(): void {
		this.#stage = 'closing';
	}

	/** The handler, with app requests held back until the server has started. */
	hold(http: HttpServing): HttpHandler {
		return {
			bodyLimit: http.bodyLimit,
			plan: (head) => {
				this.#requests++;
				return http.plan(head);
			},
			respond: (head, body, client) =>
				this.#stage === 'starting'
					? this.#ready.promise.then(() => http.respond(head, body, client))
					: http.respond(head, body, client),
			settled: (error) => http.settled(error)
		};
	}

	/** Resolves once no answer is under way, and every client that is still sending has been told to end its connection. */
	async quiet(http: HttpServing, clock: Clock): Promise<void> {
		for (let seen = -1; seen !== this.#requests;) {
			await http.idle();
			seen = this.#requests;
			await new Promise<void>((resolve) => clock.after(QUIET_MS, resolve));
		}
		await http.idle();
	}
}
