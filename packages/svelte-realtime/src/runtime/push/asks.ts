import type { Envelope, Platform } from 'svelte-adapter-uws/contract';
import { LiveError } from '../../shared/error.ts';
import type { Host } from '../host.ts';

/** Milliseconds that an answer may take on its way between two nodes. */
const WAY_MS = 1_000;

/** What one node asks another. */
export interface Ask {
	readonly connection: string;
	readonly event: string;
	readonly data: unknown;
	readonly timeoutMs: number;
}

/** Why an answer is an error. */
interface Failure {
	readonly code: string;
	readonly message: string;
}

interface Waiting {
	resolve(data: unknown): void;
	reject(error: LiveError): void;
}

type AsksHost = Pick<Host, 'platform' | 'after' | 'app' | 'follows' | 'onError'>;

const topicOf = (node: string): string => `__push:${node}`;

/** Questions to connections of other nodes, which travel as what is published does: by workers and by buses alike. */
export class Asks implements Disposable {
	readonly #host: AsksHost;
	readonly #own: string;
	readonly #answer: (ask: Ask) => Promise<unknown>;
	readonly #waiting = new Map<string, Waiting>();
	readonly #tap: Disposable;
	#count = 0;

	constructor(host: AsksHost, answer: (ask: Ask) => Promise<unknown>) {
		this.#host = host;
		this.#answer = answer;
		const own = (this.#own = topicOf(host.platform.stores.node));
		host.follows.enter(own);
		this.#tap = host.platform.tap(
			(envelope, origin) => origin === 'remote' && this.#hear(envelope),
			(topic) => topic === own
		);
	}

	/** Asks a connection of another node. Rejects with what that node says, or `TIMEOUT`. */
	ask(node: string, ask: Ask): Promise<unknown> {
		const { maxWaitingPushes } = this.#host.app.limits;
		if (this.#waiting.size >= maxWaitingPushes)
			return Promise.reject(new LiveError('OVERLOADED', `${maxWaitingPushes} pushes wait for other workers.`));
		const id = `${this.#count++}`;
		return new Promise((resolve, reject) => {
			const timer = this.#host.after(ask.timeoutMs + WAY_MS, () =>
				this.#waiting.get(id)?.reject(new LiveError('TIMEOUT', 'request timed out'))
			);
			const settle = (): void => {
				timer[Symbol.dispose]();
				this.#waiting.delete(id);
			};
			this.#waiting.set(id, {
				resolve: (data) => (settle(), resolve(data)),
				reject: (error) => (settle(), reject(error))
			});
			try {
				this.#tell(node, 'ask', { ...ask, id, from: this.#host.platform.stores.node });
			} catch (error) {
				settle();
				throw error;
			}
		});
	}

	[Symbol.dispose](): void {
		this.#tap[Symbol.dispose]();
		this.#host.follows.leave(this.#own);
		for (const { reject } of [...this.#waiting.values()]) reject(new LiveError('CONNECTION_CLOSED', 'The server is stopping.'));
	}

	#tell(node: string, event: string, data: object): void {
		const { platform }: { platform: Platform } = this.#host;
		platform.publish(topicOf(node), event, data, { seq: false });
	}

	#hear({ event, data }: Envelope): void {
		const message = data as { readonly id: string; readonly from: string } & Ask & { readonly error?: Failure };
		if (event === 'answer') {
			const waiting = this.#waiting.get(message.id);
			if (message.error) waiting?.reject(new LiveError(message.error.code, message.error.message));
			else waiting?.resolve(message.data);
			return;
		}
		const { id, from } = message;
		this.#answer(message)
			.then((reply) => this.#tell(from, 'answer', { id, data: reply }))
			.catch((error: unknown) => {
				const { code = 'INTERNAL_ERROR', message: text = '' } = (error ?? {}) as Partial<Failure>;
				this.#tell(from, 'answer', { id, error: { code, message: text } });
			})
			// The other node will say that there was no answer in time.
			.catch((error: unknown) => this.#host.onError('push', error));
	}
}
