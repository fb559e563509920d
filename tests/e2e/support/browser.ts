import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** Starts Debian's Chromium without anything that would reach for the network. */
export function launch(): Promise<Browser> {
	return chromium.launch({
		executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
		args: [
			'--headless',
			'--no-sandbox',
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync'
		]
	});
}

/** A person in a browser of their own, signed in. Errors that the page logs are kept. */
export class Person {
	readonly page: Page;
	readonly context: BrowserContext;
	readonly errors: string[] = [];

	private constructor(context: BrowserContext, page: Page) {
		this.context = context;
		this.page = page;
		page.on('pageerror', (error) => this.errors.push(String(error)));
	}

	static async signIn(browser: Browser, url: string, name: string): Promise<Person> {
		const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
		const person = new Person(context, await context.newPage());
		await person.page.goto(`${url}/signin`);
		await person.page.getByLabel('Name').fill(name);
		await person.page.getByRole('button', { name: 'Sign in' }).click();
		await person.page.getByRole('heading', { name: 'Boards' }).waitFor();
		return person;
	}

	/** Waits until the page says that it is connected. */
	async live(): Promise<void> {
		await this.page.locator('.connection', { hasText: 'Live' }).waitFor();
	}

	/** The texts of all notes, sorted. */
	async notes(): Promise<string[]> {
		return (await this.page.locator('[data-note] p').allTextContents()).toSorted();
	}

	/** Adds a note and writes into it. */
	async write(text: string): Promise<void> {
		const before = await this.page.locator('[data-note]').count();
		await this.page.getByRole('button', { name: 'Add note' }).click();
		const note = this.page.locator('[data-note]').filter({ hasText: 'New note' });
		await note.first().waitFor();
		await this.page.waitForFunction((count) => document.querySelectorAll('[data-note]').length > count, before);
		await note.first().focus();
		await this.page.keyboard.press('Enter');
		await this.page.getByLabel('Text of the note').fill(text);
		await this.page.keyboard.press('Control+Enter');
		await this.page.locator('[data-note] p', { hasText: text }).waitFor();
	}
}
