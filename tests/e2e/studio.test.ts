import { createHash } from 'node:crypto';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch } from './support/browser.ts';
import { App, MODES } from './support/modes.ts';
import { TcpProxy } from './support/proxy.ts';

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser?.close());

/** Somebody in a browser of their own. */
class Artist implements AsyncDisposable {
	readonly errors: string[] = [];
	readonly page: Page;
	readonly #context: BrowserContext;
	readonly #url: string;
	readonly #name: string;

	private constructor(page: Page, url: string, name: string) {
		this.#context = page.context();
		this.#url = url;
		this.#name = name;
		this.page = page;
		page.on('pageerror', (error) => this.errors.push(String(error)));
	}

	static async come(url: string, name: string): Promise<Artist> {
		const context = await browser.newContext();
		await context.addCookies([{ name: 'name', value: name, url }]);
		return new Artist(await context.newPage(), url, name);
	}

	async enter(studio: string): Promise<void> {
		await this.page.goto(`${this.#url}/studio?id=${studio}`);
		await this.list('People').getByText(this.#name).first().waitFor();
	}

	list(name: string): Locator {
		return this.page.getByRole('list', { name }).getByRole('listitem');
	}

	button(name: string): Locator {
		return this.page.getByRole('button', { name, exact: true });
	}

	press(name: string): Promise<void> {
		return this.button(name).click();
	}

	async add(text: string): Promise<void> {
		await this.page.getByRole('textbox', { name: 'Item' }).fill(text);
		await this.press('Add');
	}

	/** Waits until the list shows these texts. */
	sees(list: string, texts: readonly string[]): Promise<void> {
		return expect.poll(() => this.list(list).allTextContents()).toEqual(texts);
	}

	figures(text: string): Promise<void> {
		return this.page.getByTestId('figures').getByText(text, { exact: true }).waitFor();
	}

	choose(name: string, buffer: Buffer): Promise<void> {
		return this.page.getByLabel('File').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
	}

	progress(): Promise<number> {
		return this.page.getByRole('progressbar', { name: 'Upload' }).evaluate((bar) => (bar as HTMLProgressElement).value);
	}

	/** Loses the network until the function has run. */
	async away(proxy: TcpProxy, meanwhile: () => Promise<void>): Promise<void> {
		await this.#context.setOffline(true);
		expect(proxy.cut()).toBeGreaterThan(0);
		await this.page.getByRole('status').getByText('disconnected').waitFor();
		await meanwhile();
		await this.#context.setOffline(false);
		await this.page.getByRole('status').getByText('open').waitFor();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.#context.close();
	}
}

describe.each(MODES)('two people in a studio, $name', (mode) => {
	let app: App;
	let proxy: TcpProxy;
	let ida: Artist;
	let max: Artist;

	beforeAll(async () => {
		app = await App.serve(mode, 'tests/app');
		proxy = await TcpProxy.to(app.url);
		// Only one of them is behind the network that goes away.
		ida = await Artist.come(app.url, 'ida');
		max = await Artist.come(proxy.url, 'max');
	});
	afterAll(async () => {
		await Promise.all([ida?.[Symbol.asyncDispose](), max?.[Symbol.asyncDispose]()]);
		await proxy?.[Symbol.asyncDispose]();
		await app?.[Symbol.asyncDispose]();
	});
	beforeEach(async () => {
		const studio = crypto.randomUUID();
		await Promise.all([ida.enter(studio), max.enter(studio)]);
	});
	afterEach(() => expect([ida.errors, max.errors]).toEqual([[], []]));

	it('see who is there, and each other’s cursors until one leaves', async () => {
		await Promise.all([ida, max].flatMap((one) => ['Ask ida', 'Ask max'].map((ask) => one.button(ask).waitFor())));
		await max.page.mouse.move(40, 60);
		await ida.list('Cursors').getByText('max at 40, 60').waitFor();
		await max.page.mouse.move(90, 120, { steps: 4 });
		await ida.list('Cursors').getByText('max at 90, 120').waitFor();
		await max.page.goto('about:blank');
		await ida.sees('Cursors', []);
	});

	it('see derived values and aggregates change', async () => {
		await ida.figures('0 items, 0 votes');
		await max.add('tea');
		await max.press('Vote');
		await Promise.all([ida.figures('1 items, 1 votes'), max.figures('1 items, 1 votes')]);
		await ida.press('Vote');
		await Promise.all([ida.figures('1 items, 2 votes'), max.figures('1 items, 2 votes')]);
	});

	it('see a change at once that is refused later, and then what was before', async () => {
		await max.add('tea');
		await ida.sees('Items', ['tea']);
		await ida.press('tea');
		await ida.sees('Items', ['renamed']);
		await max.sees('Items', ['tea']);
		await max.press('Decide');
		await ida.page.getByRole('alert').getByText('Somebody said no.').waitFor();
		await ida.sees('Items', ['tea']);
	});

	it('have done what they did while they were offline, in order, once they are back', async () => {
		await max.away(proxy, async () => {
			await max.add('one');
			await max.add('two');
			await ida.add('meanwhile');
			await ida.sees('Items', ['meanwhile']);
		});
		const all = ['meanwhile', 'one', 'two'];
		await Promise.all([ida.sees('Items', all), max.sees('Items', all)]);
	});

	it('upload a file with progress, over a connection that is cut, to the last byte', async () => {
		const file = Buffer.alloc(3_000_000, 'all work and no play ');
		await max.choose('novel.bin', file);
		await expect.poll(() => max.progress()).toBeGreaterThan(10);
		await max.away(proxy, () => Promise.resolve());
		expect(await max.progress()).toBeLessThan(100);
		await max.press('Read');
		await max.page.getByText(createHash('sha256').update(file).digest('hex')).waitFor();
		expect(await max.progress()).toBe(100);
	});

	it('give an upload up, and everybody hears of it', async () => {
		await max.choose('draft.bin', Buffer.alloc(3_000_000));
		await expect.poll(() => max.progress()).toBeGreaterThan(10);
		await max.press('Give up');
		await max.page.getByRole('alert').getByText('cancelled').waitFor();
		await ida.list('Log').getByText('draft.bin was given up').waitFor();
	});

	it('ask one another, and wave, without others hearing', async () => {
		await ida.press('Ask max');
		const question = max.page.getByRole('dialog', { name: 'Question' });
		await question.getByText('ida asks').waitFor();
		expect(await ida.page.getByRole('dialog').count()).toBe(0);
		await question.getByRole('button', { name: 'Yes' }).click();
		await ida.page.getByTestId('heard').getByText('max says yes').waitFor();
		await max.press('Wave to ida');
		await ida.page.getByTestId('heard').getByText('max waves').waitFor();
		expect(await max.page.getByTestId('heard').textContent()).toBe('');
	});

	it('turn the pages of a log that goes on', async () => {
		const lines = Array.from({ length: 7 }, (_, index) => `line ${index + 1}`);
		await ida.sees('Log', lines.slice(0, 3));
		await ida.press('More');
		await ida.sees('Log', lines.slice(0, 6));
		await max.press('Note');
		await ida.sees('Log', [...lines.slice(0, 6), 'noted']);
		await ida.press('More');
		// What came before its page keeps its place, and is there once.
		await ida.sees('Log', [...lines.slice(0, 6), 'noted', 'line 7']);
		await expect.poll(() => ida.button('More').count()).toBe(0);
	});

	it('step back and forth through what they saw, each for themselves', async () => {
		await ida.add('one');
		await ida.sees('Items', ['one']);
		await ida.add('two');
		await Promise.all([ida.sees('Items', ['one', 'two']), max.sees('Items', ['one', 'two'])]);
		await ida.press('Undo');
		await ida.sees('Items', ['one']);
		await max.sees('Items', ['one', 'two']);
		await ida.press('Redo');
		await ida.sees('Items', ['one', 'two']);
	});
});
