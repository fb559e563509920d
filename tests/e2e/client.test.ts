import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { compile as compileFive } from 'svelte/compiler';
import type { Connection } from 'svelte-adapter-uws/contract';
import { createTestServer, type TestServer } from 'svelte-adapter-uws/testing';
import { build, type Rolldown } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from './support/browser.ts';

// The types of Svelte 4 know it by its own name only.
const { compile: compileFour } = createRequire(import.meta.url)('svelte4/compiler') as {
	compile(source: string, options: { generate: 'dom'; sveltePath: string }): { readonly js: { readonly code: string } };
};

const COMPONENT = `
<script>
	import { crud, on, status } from 'svelte-adapter-uws/client';
	const rows = crud('rows');
	const total = on('votes', 'cast').scan(0, (sum, { data }) => sum + data);
</script>
<p id="status">{$status}</p>
<p id="total">{$total}</p>
<ul>{#each $rows as row (row.id)}<li>{row.text}</li>{/each}</ul>`;

// The pause is so long that only an event of the browser can end it within a test.
const CONNECT = `import { connect } from 'svelte-adapter-uws/client'; connect({ url: location.hash.slice(1), reconnectInterval: 300000 });`;

const VERSIONS = [
	{
		name: 'Svelte 4',
		entry: `${CONNECT} import App from 'app'; const app = new App({ target: document.body }); globalThis.leave = () => app.$destroy();`,
		compile: (): string => compileFour(COMPONENT, { generate: 'dom', sveltePath: 'svelte4' }).js.code
	},
	{
		name: 'Svelte 5',
		entry: `${CONNECT} import App from 'app'; import { mount, unmount } from 'svelte'; const app = mount(App, { target: document.body }); globalThis.leave = () => unmount(app);`,
		compile: (): string => compileFive(COMPONENT, { generate: 'client' }).js.code
	}
];

async function bundle(modules: Record<string, string>): Promise<string> {
	const result = (await build({
		root: import.meta.dirname,
		configFile: false,
		logLevel: 'error',
		plugins: [
			{
				name: 'page',
				resolveId: (id) => (Object.hasOwn(modules, id) ? `\0${id}` : undefined),
				load: (id) => modules[id.slice(1)]
			}
		],
		build: { write: false, rolldownOptions: { input: 'entry' } }
	})) as Rolldown.RolldownOutput;
	return result.output[0].code;
}

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser?.close());

describe.each(VERSIONS)('the client in Chromium, $name', ({ entry, compile }) => {
	let script: string;
	let server: TestServer;
	let context: BrowserContext;
	let page: Page;
	let sockets: Connection[];
	let errors: string[];

	const pages = createServer(({ url }, response) => {
		response.setHeader('Content-Type', url === '/page.js' ? 'text/javascript' : 'text/html');
		response.end(url === '/page.js' ? script : '<!doctype html><body><script type="module" src="/page.js"></script>');
	});

	beforeAll(async () => {
		script = await bundle({ entry, app: compile() });
		pages.listen(0, '127.0.0.1');
		await once(pages, 'listening');
	});
	afterAll(() => pages.close());

	beforeEach(async () => {
		sockets = [];
		errors = [];
		server = await createTestServer({ handler: { open: (ws) => void sockets.push(ws) } });
		server.platform.keep((topic) => topic === 'rows');
		context = await browser.newContext();
		page = await context.newPage();
		page.on('pageerror', (error) => errors.push(String(error)));
		await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/#${server.wsUrl}`);
		await isStatus('open');
		await expect.poll(() => server.platform.subscribers('rows')).toBe(1);
	});

	afterEach(async () => {
		await context?.close();
		await server?.[Symbol.asyncDispose]();
		expect(errors).toEqual([]);
	});

	const isStatus = (status: string): Promise<void> => page.locator('#status', { hasText: status }).waitFor();
	const rows = (): Promise<string[]> => page.locator('li').allTextContents();

	it('shows what comes, holds a topic as long as a component does, and accumulates', async () => {
		server.platform.topic('rows').created({ id: 1, text: 'one' });
		server.platform.topic('rows').created({ id: 2, text: 'two' });
		server.platform.topic('rows').updated({ id: 1, text: 'ONE' });
		for (const votes of [1, 2, 3]) server.platform.publish('votes', 'cast', votes);
		await expect.poll(rows).toEqual(['ONE', 'two']);
		await page.locator('#total', { hasText: '6' }).waitFor();
		await page.evaluate('leave()');
		await expect.poll(() => server.platform.subscribers('rows')).toBe(0);
		expect(server.platform.connections).toBe(1);
	});

	it('is suspended while nobody can see the page', async () => {
		// A page without a window is never hidden.
		const hide = (hidden: boolean): Promise<void> =>
			page.evaluate((now) => {
				Object.defineProperty(document, 'hidden', { value: now, configurable: true });
				document.dispatchEvent(new Event('visibilitychange'));
			}, hidden);
		await hide(true);
		await isStatus('suspended');
		await hide(false);
		await isStatus('open');
		expect(server.platform.connections).toBe(1);
	});

	it('comes back as soon as the network does, with what was missed', async () => {
		server.platform.topic('rows').created({ id: 1, text: 'before' });
		await expect.poll(rows).toEqual(['before']);
		await context.setOffline(true);
		sockets[0]!.close(4000, 'gone');
		await isStatus('disconnected');
		server.platform.topic('rows').created({ id: 2, text: 'meanwhile' });
		await context.setOffline(false);
		// On a machine that has no network at all Chromium stays offline, and tells pages of no change.
		await page.evaluate(() => navigator.onLine || dispatchEvent(new Event('online')));
		await isStatus('open');
		await expect.poll(rows).toEqual(['before', 'meanwhile']);
	});

	it('names its session after a reload', async () => {
		const stored = (): Promise<string | undefined> => page.evaluate(() => Object.values(sessionStorage)[0] as string | undefined);
		await expect.poll(stored).toBe(sockets[0]!.id);
		await page.reload();
		await isStatus('open');
		await expect.poll(() => sockets.length).toBe(2);
		await expect.poll(stored).toBe(sockets[1]!.id);
	});
});
