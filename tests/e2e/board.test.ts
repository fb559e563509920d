import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch, Person } from './support/browser.ts';
import { App, MODES } from './support/modes.ts';

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser?.close());

describe.each(MODES)('the board, $name', (mode) => {
	let app: App;
	let ida: Person;
	let max: Person;

	let boards = 0;

	beforeAll(async () => void (app = await App.serve(mode, 'examples/board')));
	afterAll(() => app?.[Symbol.asyncDispose]());

	// Each test has two people and a board that no other test has seen.
	beforeEach(async () => {
		const title = `Plans ${++boards}`;
		ida = await Person.signIn(browser, app.url, 'Ida');
		max = await Person.signIn(browser, app.url, 'Max');
		// What is typed before the page has come alive, the page does not hear.
		await ida.live();
		await ida.page.getByLabel('Title of the new board').fill(title);
		await ida.page.getByRole('button', { name: 'Create' }).click();
		await ida.page.getByRole('heading', { name: title }).waitFor();
		// Max sees the board appear in his list without a reload.
		await max.page.getByRole('link', { name: title }).click();
		await max.page.getByRole('heading', { name: title }).waitFor();
		await Promise.all([ida.live(), max.live()]);
	});
	afterEach(() => Promise.all([ida?.context.close(), max?.context.close()]));

	it('shows two people each other’s notes, chat, presence and undo', async () => {
		await ida.write('buy milk');
		await expect.poll(() => max.notes()).toEqual(['buy milk']);
		await max.write('call Ann');
		await expect.poll(() => ida.notes()).toEqual(['buy milk', 'call Ann']);

		const people = ida.page.getByRole('list', { name: 'Who is here' });
		await people.getByText('Max').waitFor();

		await max.page.getByRole('button', { name: 'Chat' }).click();
		await ida.page.getByRole('button', { name: 'Chat' }).click();
		await max.page.getByRole('textbox', { name: 'Message' }).fill('hello there');
		await max.page.getByRole('button', { name: 'Send' }).click();
		await ida.page.getByText('hello there').waitFor();

		const note = max.page.locator('[data-note]', { hasText: 'call Ann' });
		await note.focus();
		await max.page.keyboard.press('Delete');
		await expect.poll(() => ida.notes()).toEqual(['buy milk']);
		await max.page.getByRole('button', { name: /Undo delete/ }).click();
		await expect.poll(() => ida.notes()).toEqual(['buy milk', 'call Ann']);
		expect([ida.errors, max.errors]).toEqual([[], []]);
	});

	it('drags a note under the other’s eyes, and shows the pointer that does it', async () => {
		await ida.write('move me');
		const moved = max.page.locator('[data-note]', { hasText: 'move me' });
		await moved.waitFor();
		const own = ida.page.locator('[data-note]', { hasText: 'move me' });
		const before = (await own.boundingBox())!;
		await ida.page.mouse.move(before.x + 60, before.y + 30);
		await ida.page.mouse.down();
		await ida.page.mouse.move(before.x - 80, before.y + 130, { steps: 8 });
		await max.page.locator('.pointer', { hasText: 'Ida' }).waitFor();
		await ida.page.mouse.up();
		const left = (person: Person) =>
			person.page
				.locator('[data-note]', { hasText: 'move me' })
				.evaluate((element) => [(element as HTMLElement).style.left, (element as HTMLElement).style.top]);
		await expect.poll(async () => JSON.stringify(await left(max)) === JSON.stringify(await left(ida))).toBe(true);
		expect((await own.boundingBox())!.x).toBeLessThan(before.x);
	});

	it('catches up after one of them was offline', async () => {
		await ida.write('before');
		await expect.poll(() => max.notes()).toEqual(['before']);
		await max.context.setOffline(true);
		await max.page.evaluate(() => window.dispatchEvent(new Event('offline')));
		await ida.write('while away');
		await max.context.setOffline(false);
		await expect.poll(() => max.notes()).toEqual(['before', 'while away']);
		await max.write('back again');
		await expect.poll(() => ida.notes()).toEqual(['back again', 'before', 'while away']);
	});

	it('survives a restart of the server without a reload', async () => {
		await ida.write('stays');
		await ida.page.evaluate(() => Object.assign(window, { sameLife: true }));
		await app.stop();
		await ida.page.locator('.connection', { hasText: /Offline|Connecting/ }).waitFor();
		await app.start();
		await Promise.all([ida.live(), max.live()]);
		await max.write('after');
		await expect.poll(() => ida.notes()).toEqual(['after', 'stays']);
		if (mode.name !== 'dev on node') expect(await ida.page.evaluate(() => 'sameLife' in window)).toBe(true);
	});

	it('ends the sockets of a session that signs out, in every tab', async () => {
		const second = await ida.context.newPage();
		await second.goto(app.url);
		await second.locator('.connection', { hasText: 'Live' }).waitFor();
		await ida.page.getByRole('button', { name: 'Sign out' }).click();
		await ida.page.getByRole('heading', { name: 'What should we call you?' }).waitFor();
		await second.getByRole('heading', { name: 'What should we call you?' }).waitFor();
		await expect.poll(() => max.page.getByRole('list', { name: 'Who is here' }).getByText('Ida').count()).toBe(0);
	});
});
