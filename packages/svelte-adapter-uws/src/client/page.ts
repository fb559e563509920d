import type { Readable } from '../contract/client.ts';
import { createCell, createLazyStore, type Cell } from './cell.ts';
import { createCore, type Core, type CoreOptions } from './client.ts';
import { pageUrl } from './environment.ts';
import { createTopicStores, type TopicStores } from './store/topic.ts';

/** The client of a page, and what belongs to it. */
export interface PageClient extends Core {
	readonly on: TopicStores;
	/** Opened without options: some that come later come too late. */
	implicit: boolean;
	/** What `connect` made of it. */
	face?: object;
	/** Stores that are watched and that everybody who asks for them gets, by name. */
	shared?: Map<string, Readable<unknown>>;
	/** How many follow each topic that the server joins this page to. */
	joined?: Map<string, number>;
	/** Groups that are watched, by name. */
	groups?: Map<string, unknown>;
}

// A page has one connection, however many copies of this package its bundle holds.
const PAGE: unique symbol = Symbol.for('svelte-adapter-uws.page');

/** The client of this page; opens it when there is none, or when it was closed. */
export function openPage(options?: CoreOptions): PageClient {
	const page = current();
	const known = page.value;
	// One that has ended without a failure was closed.
	if (known && (known.status.value !== 'failed' || known.failure.value)) return known;
	const client = createCore(options);
	const opened: PageClient = Object.assign(client, { on: createTopicStores(client), implicit: !options });
	// A render on the server must leave nothing behind.
	if (options?.url ?? pageUrl('')) page.set(opened);
	return opened;
}

/** A store of the page's connection that goes over to the next one when it was closed and opened anew. */
export function follow<T>(initial: T, select: (client: Core) => Readable<T>): Readable<T> {
	return createLazyStore(initial, (cell) => {
		let leave = (): void => {};
		// On the server this leaves no connection behind, and the store at its initial value.
		if (!current().value) openPage();
		const stop = current().subscribe((client) => {
			leave();
			if (client) leave = select(client).subscribe(cell.set);
		});
		return () => {
			stop();
			leave();
		};
	});
}

function current(): Cell<PageClient | undefined> {
	const holder = globalThis as { [PAGE]?: Cell<PageClient | undefined> };
	return (holder[PAGE] ??= createCell<PageClient | undefined>(undefined));
}
