import { afterEach, beforeEach } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import { browserOptions, microtasks, startBrowser, WELCOME, type Browser } from './browser.ts';

const PAGE = Symbol.for('svelte-adapter-uws.page');
const page: { browser?: Browser } = {};

/** Gives each test of a file a page with an open connection. */
export function usePage(): void {
	beforeEach(() => {
		const browser = (page.browser = startBrowser());
		connect(browserOptions(browser));
		browser.socket.open();
		browser.socket.receive(WELCOME);
		browser.socket.read();
	});
	afterEach(() => {
		delete (globalThis as { [PAGE]?: unknown })[PAGE];
	});
}

/** The browser of the running test. */
export function browserOfPage(): Browser {
	return page.browser!;
}

/** An event comes in. */
export function emit(topic: string, event: string, data?: unknown, seq?: number): void {
	browserOfPage().socket.receive({ topic, event, data, ...(seq && { seq }) });
}

/** Several come in one frame. */
export function batch(...events: [string, string, unknown][]): void {
	browserOfPage().socket.receive({ type: 'batch', events: events.map(([topic, event, data]) => ({ topic, event, data })) });
}

/** What a store shows from now on. */
export function watch<T>(store: { subscribe(run: (value: T) => void): () => void }): {
	readonly seen: T[];
	readonly stop: () => void;
} {
	const seen: T[] = [];
	return { seen, stop: store.subscribe((value) => seen.push(value)) };
}

/** The frames that the page sent since the last call. */
export async function sent(): Promise<unknown[]> {
	await microtasks();
	return browserOfPage().socket.read();
}
