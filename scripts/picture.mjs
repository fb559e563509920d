// Makes docs/board.gif, the picture of the README: two people on one board, side by side. Needs chromium and ffmpeg.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { nodeBinary, root } from './setup.mjs';

const SIZE = { width: 560, height: 420 };
const FRAMES_PER_SECOND = 8;

const work = mkdtempSync(join(tmpdir(), 'picture-'));
const server = spawn(nodeBinary, ['build'], {
	cwd: join(root, 'examples/board'),
	env: { ...process.env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: work },
	stdio: ['ignore', 'pipe', 'inherit']
});
const url = await new Promise((resolve) =>
	server.stdout.on('data', (chunk) => {
		const found = /Listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(chunk.toString());
		if (found) resolve(found[1]);
	})
);

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu']
});
let frame = 0;

async function person(name, colorScheme) {
	const page = await (await browser.newContext({ viewport: SIZE, colorScheme })).newPage();
	await page.goto(`${url}/signin`);
	await page.getByLabel('Name').fill(name);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.getByRole('heading', { name: 'Boards' }).waitFor();
	return page;
}

const [ida, max] = [await person('Ida', 'light'), await person('Max', 'dark')];

/** Takes one picture of both, `hold` frames long. */
async function shoot(hold = 1) {
	const number = String(frame).padStart(4, '0');
	await Promise.all([ida, max].map((page, i) => page.screenshot({ path: join(work, `${i}-${number}.png`) })));
	for (let i = 0; i < 2; i++) {
		for (let copy = 1; copy < hold; copy++)
			spawnSync('cp', [join(work, `${i}-${number}.png`), join(work, `${i}-${String(frame + copy).padStart(4, '0')}.png`)]);
	}
	frame += hold;
}

async function write(page, text, x, y) {
	await page.getByRole('button', { name: 'Add note' }).click();
	const note = page.locator('[data-note]', { hasText: 'New note' });
	await note.waitFor();
	await note.dblclick();
	await page.getByLabel('Text of the note').fill(text);
	await page.keyboard.press('Control+Enter');
	await drag(page, text, x, y);
}

async function drag(page, text, x, y, filmed = false) {
	const box = await page.locator('[data-note]', { hasText: text }).boundingBox();
	const from = { x: box.x + 60, y: box.y + 40 };
	await page.mouse.move(from.x, from.y);
	await page.mouse.down();
	const steps = filmed ? 14 : 2;
	for (let i = 1; i <= steps; i++) {
		await page.mouse.move(from.x + ((x + 60 - from.x) * i) / steps, from.y + ((y + 40 - from.y) * i) / steps);
		if (filmed) await shoot();
	}
	await page.mouse.up();
}

await ida.getByLabel('Title of the new board').fill('Summer party');
await ida.getByRole('button', { name: 'Create' }).click();
await max.getByRole('link', { name: /Summer party/ }).click();
await max.locator('.connection', { hasText: 'Live' }).waitFor();
await ida.getByRole('heading', { name: 'Summer party' }).waitFor();
await write(ida, 'Lemonade for 20', 30, 130);
await write(max, 'Who brings the music?', 320, 130);
await max.getByText('Lemonade for 20').waitFor();
await shoot(6);
await drag(ida, 'Lemonade for 20', 170, 235, true);
await shoot(3);
await drag(max, 'Who brings the music?', 60, 120, true);
await shoot(3);
await ida.locator('[data-note]', { hasText: 'Lemonade' }).hover();
await ida.locator('[data-note]', { hasText: 'Lemonade' }).getByRole('button', { name: 'Make it pink' }).click();
await max.locator('.note.pink').waitFor();
await shoot(8);

await browser.close();
server.kill();
const filter = '[0][1]hstack=inputs=2,split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none';
const inputs = [0, 1].flatMap((i) => ['-framerate', String(FRAMES_PER_SECOND), '-i', join(work, `${i}-%04d.png`)]);
const { status } = spawnSync(
	'ffmpeg',
	['-y', '-loglevel', 'error', ...inputs, '-filter_complex', filter, join(root, 'docs/board.gif')],
	{ stdio: 'inherit' }
);
rmSync(work, { recursive: true, force: true });
process.exit(status ?? 1);
