import type { Envelope } from 'svelte-adapter-uws/contract';
import { readPage, type OkReply, type Paging } from '../../shared/rpc-frame.ts';
import { encodeCall } from '../rpc/call.ts';
import type { StreamHost } from './host.ts';
import { topicsOf } from './topics.ts';

export interface PagesParts {
	readonly host: () => StreamHost;
	readonly request: { readonly rpc: string; readonly args: readonly unknown[]; readonly stream: true };
	/** What is known of further pages now. */
	readonly page: () => Paging | undefined;
	/** Where the events of the stream arrive. */
	readonly topic: () => string | undefined;
	readonly take: (data: unknown, page: Paging, events: readonly Envelope[]) => void;
	/** The value has missed events: it has to be loaded anew. */
	readonly missed: () => void;
}

/** The further pages of one stream, one request at a time. */
export class Pages {
	readonly #parts: PagesParts;
	#loading = false;

	constructor(parts: PagesParts) {
		this.#parts = parts;
	}

	/** Loads one more, and gives whether there are further ones. */
	async more(extra: readonly unknown[]): Promise<boolean> {
		const { page } = this.#parts;
		const from = page();
		if (this.#loading || !from?.hasMore || from.cursor === null || from.cursor === undefined) return false;
		this.#loading = true;
		try {
			await this.#load(from, extra);
		} finally {
			this.#loading = false;
		}
		return page()?.hasMore ?? false;
	}

	async #load(from: Paging, extra: readonly unknown[]): Promise<void> {
		const { host, request, page: current, topic, take, missed } = this.#parts;
		const page = host();
		const { pending, timeout, trace } = page;
		const topics = topicsOf(page);
		const id = pending.nextId();
		const { rpc, args } = request;
		const frame = encodeCall(rpc, { ...request, id, args: [...args, ...extra], cursor: from.cursor, ...trace() });
		// An event that is younger than the page may come before it.
		const load = topics.begin();
		try {
			await new Promise<void>((resolve, reject) => {
				const done = (reply: OkReply): void => {
					const next = readPage(reply);
					const on = topic();
					const events = on === undefined ? [] : topics.since(load, on);
					// Meanwhile the stream may have begun anew, and its pages with it.
					if (current() === from) {
						take(reply.data, next ?? { hasMore: false, cursor: null }, events ?? []);
						if (!events) missed();
					}
					resolve();
				};
				pending.send(frame, rpc, [{ id, done, fail: reject }], timeout());
			});
		} finally {
			// The server joins nothing for a page.
			topics.end(load, true);
		}
	}
}
