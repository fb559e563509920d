import { onTestFinished } from 'vitest';

const PAGES = ['svelte-realtime.page', 'svelte-adapter-uws.page'].map((name) => Symbol.for(name));
const slots = globalThis as unknown as Record<symbol, { value?: { close(): void } } | undefined>;

/** What the page of this process has: its live client, and its connection. */
export const pageSlots = (): (typeof slots)[symbol][] => PAGES.map((page) => slots[page]);

/** Closes the connection of the page, as code of an app may. */
export const closeConnection = (): void => slots[PAGES[1]!]?.value?.close();

/** Ends the page of this process with the test, and what it was connected to after it; the next test has a fresh one. */
export function endPage(...connected: readonly (() => unknown)[]): void {
	onTestFinished(async () => {
		closeConnection();
		for (const page of PAGES) delete slots[page];
		for (const close of connected) await close();
	});
}
