import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, overWebSocket } from 'conformance/wire/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { App, MODES } from './support/modes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runs = join(root, 'tests/e2e/.runs');
const dev = MODES.find(({ name }) => name.startsWith('dev'))!;

let folder: string;
let app: App;

/** A copy of the test app, inside the repository so that it finds the packages. */
beforeAll(async () => {
	mkdirSync(runs, { recursive: true });
	folder = mkdtempSync(join(runs, 'hot-'));
	const left = ['node_modules', '.svelte-kit', 'build', 'wire.ts'];
	cpSync(join(root, 'tests/app'), folder, { recursive: true, filter: (source) => !left.some((name) => source.endsWith(name)) });
	write('answer', `export const value = live(() => 'first');`);
	app = await App.serve(dev, folder.slice(root.length));
});

afterAll(async () => {
	await app?.[Symbol.asyncDispose]();
	rmSync(folder, { recursive: true, force: true });
});

function write(name: string, code: string): void {
	writeFileSync(join(folder, `src/live/${name}.ts`), `import { live } from 'svelte-realtime/server';\n${code}\n`);
}

/** What a fresh client is answered. */
async function ask(path: string): Promise<unknown> {
	const client = await connect({ open: overWebSocket(`${app.url.replace('http', 'ws')}/ws`), origin: app.url });
	client.say({ rpc: path, id: '1' });
	const { data } = await client.next();
	client.close();
	return data.ok ? data.data : data.code;
}

const eventually = { interval: 250 };

it('serves the new version of a live module after it was saved, and tells clients to come back', async () => {
	const client = await connect({ open: overWebSocket(`${app.url.replace('http', 'ws')}/ws`), origin: app.url });
	expect(await ask('answer/value')).toBe('first');
	write('answer', `export const value = live(() => 'second');`);
	expect((await client.closed).code).toBe(1012);
	await expect.poll(() => ask('answer/value'), eventually).toBe('second');
});

it('keeps the last good version while a module does not compile', async () => {
	const said = app.output.length;
	const outputOfSave = (): string => {
		// Vite's watcher takes saves within a few milliseconds for one, so this one is repeated until it was seen.
		write('answer', `export const value = live(() => 'third'`);
		return app.output.slice(said);
	};
	await expect.poll(outputOfSave, eventually).toMatch(/does not load; the last version that did stays in force/);
	expect(await ask('answer/value')).toBe('second');
	const askAfterSave = (): Promise<unknown> => {
		write('answer', `export const value = live(() => 'fourth');`);
		return ask('answer/value');
	};
	await expect.poll(askAfterSave, eventually).toBe('fourth');
});

it('takes back what a module said of the whole app when it is saved again', async () => {
	const counting = (by: number): string =>
		`live.middleware(async (_ctx, next, path) => (path === 'counted/value' ? (await next()) + ${by} : next()));
export const value = live(() => 0);`;
	for (const by of [1, 10, 100]) {
		const askAfterSave = (): Promise<unknown> => {
			write('counted', counting(by));
			return ask('counted/value');
		};
		await expect.poll(askAfterSave, eventually).toBe(by);
	}
	write('answer', `export const value = live(() => 'fifth');`);
	await expect.poll(() => ask('answer/value'), eventually).toBe('fifth');
	expect(await ask('counted/value')).toBe(100);
});

it('serves a live module that is added, with its types, and one that is removed no more', async () => {
	write('added', `export const hello = live(() => 'hello');`);
	await expect.poll(() => ask('added/hello'), eventually).toBe('hello');
	const types = join(folder, 'node_modules/$live/added.d.ts');
	expect(existsSync(types)).toBe(true);
	rmSync(join(folder, 'src/live/added.ts'));
	await expect.poll(() => ask('added/hello'), eventually).toBe('NOT_FOUND');
	expect(existsSync(types)).toBe(false);
});
