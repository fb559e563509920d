import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch } from './support/browser.ts';
import { App, MODES } from './support/modes.ts';

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser?.close());

/** Asks `authenticate` as the client of this package does. */
const authenticate = (page: Page, query = ''): Promise<number> =>
	page.evaluate(
		async (path) => (await fetch(path, { method: 'POST', headers: { 'x-requested-with': 'XMLHttpRequest' } })).status,
		`/__ws/auth${query}`
	);
/** How a socket for visitors ends: `open` for as long as it does not. */
const connect = (page: Page, url: string): Promise<string> =>
	page.evaluate(
		(address) =>
			new Promise<string>((resolve) => {
				const ws = new WebSocket(address);
				const closed = new Promise<string>((end) => ws.addEventListener('close', ({ code, reason }) => end(`${code} ${reason}`)));
				(window as unknown as { ended: Promise<string> }).ended = closed;
				ws.addEventListener('open', () => resolve('open'));
				void closed.then(resolve);
			}),
		url
	);
const ended = (page: Page): Promise<string> => page.evaluate(() => (window as unknown as { ended: Promise<string> }).ended);

describe.each(MODES)('$name', (mode) => {
	let app: App;
	let context: BrowserContext;
	let page: Page;
	let sockets: string;
	beforeAll(async () => {
		app = await App.serve(mode, 'tests/app');
		sockets = `${app.url.replace('http', 'ws')}/ws?visit`;
		context = await browser.newContext();
		page = await context.newPage();
		await page.goto(`${app.url}/`);
	});
	afterAll(async () => {
		await context?.close();
		await app?.[Symbol.asyncDispose]();
	});

	it('lets a browser in by the cookie that authenticate has set, until its session is revoked', async () => {
		expect(await connect(page, sockets)).toMatch(/^1006/);
		expect(await authenticate(page)).toBe(204);
		expect(await page.evaluate(() => document.cookie)).not.toContain('visit');
		expect(await connect(page, sockets)).toBe('open');
		expect(await authenticate(page, '?out')).toBe(204);
		expect(await ended(page)).toBe('4401 Session revoked');
		expect(await connect(page, sockets)).toMatch(/^1006/);
	});

	it('sets no cookie for a foreign page, and lets it open no socket', async () => {
		const foreign = await context.newPage();
		// Another site to the browser, though the same machine.
		await foreign.goto(`${app.url.replace('127.0.0.1', 'localhost')}/`).catch(() => foreign.goto('about:blank'));
		await foreign.evaluate(
			(url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'x' }).catch(() => {}),
			`${app.url}/__ws/auth`
		);
		expect((await context.cookies()).filter(({ name }) => name === 'visit')).toEqual([]);
		expect(await authenticate(page)).toBe(204);
		expect(await connect(foreign, sockets)).toMatch(/^1006/);
		expect(await connect(page, sockets)).toBe('open');
	});
});
