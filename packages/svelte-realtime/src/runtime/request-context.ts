import type { Connection } from 'svelte-adapter-uws/contract';
import { LiveError } from '../shared/error.ts';
import { CallContext } from './context.ts';
import type { Cancellable } from './scope.ts';

/** The context of a request that its client may cancel. */
export class RequestContext extends CallContext implements Cancellable {
	/** The client's; empty where it waits for no answer. */
	id = '';
	isCancelled = false;
	/** Whether there is something at the path that was asked for. */
	isKnown = false;
	#cancelled: AbortController | undefined;
	#either: AbortSignal | undefined;

	// Only connections make requests.
	declare readonly ws: Connection;

	/** Made when it is first read: most handlers do not ask. */
	override get signal(): AbortSignal {
		if (!this.#either) {
			this.#cancelled = new AbortController();
			if (this.isCancelled) this.cancel();
			this.#either = AbortSignal.any([this.ws.signal, this.#cancelled.signal]);
		}
		return this.#either;
	}

	/** The client no longer wants the answer. */
	cancel(): void {
		this.isCancelled = true;
		this.#cancelled?.abort(new LiveError('CANCELLED'));
	}
}
