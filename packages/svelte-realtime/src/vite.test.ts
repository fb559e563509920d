import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, createServer, type Plugin } from 'vite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import realtime from './vite.ts';

let root: string;
const warnings: string[] = [];
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'live app-'));
	mkdirSync(join(root, 'src/live'), { recursive: true });
	warnings.length = 0;
});
afterEach(() => rmSync(root, { recursive: true }));

/** What Vite says to an import of `source` in a page, with the plugins of the app. */
async function imported(source: string, plugins: readonly Plugin[] = [], importer = 'routes/+page.svelte'): Promise<string> {
	const customLogger = { ...createLogger('silent'), warn: (line: string) => void warnings.push(line) };
	const server = await createServer({
		root,
		configFile: false,
		customLogger,
		server: { middlewareMode: true, ws: false },
		plugins: [realtime(), ...plugins]
	});
	try {
		const found = await server.environments.client.pluginContainer.resolveId(source, join(root, 'src', importer));
		return found?.id ?? 'nothing';
	} catch (error) {
		return (error as Error).message;
	} finally {
		await server.close();
	}
}

const put = (name: string): void =>
	writeFileSync(join(root, 'src/live', name), `import { live } from 'svelte-realtime'; export const x = live.public(() => 1);`);

it('says which live modules there are when an import names none of them', async () => {
	expect(await imported('$live/todo')).toMatch(/\$live\/todo does not exist: .* It has none\.$/);
	for (const name of ['todos.ts', 'chat.js']) put(name);
	expect(await imported('$live/todo')).toMatch(/there is no live module todo in .* It has chat, todos\.$/);
	expect(await imported('$live/todos')).toBe('\0$live/todos');
});

it('says that an import has an ending too many', async () => {
	put('todos.ts');
	expect(await imported('$live/todos.ts')).toBe('$live/todos.ts does not exist. Leave the ending out: $live/todos.');
});

it('warns once where the plugin of the adapter is missing', async () => {
	put('todos.ts');
	await imported('$live/todos');
	expect(warnings).toEqual([expect.stringMatching(/Nothing serves WebSockets.*import uws from 'svelte-adapter-uws\/vite'/)]);
	warnings.length = 0;
	await imported('$live/todos', [{ name: 'svelte-adapter-uws' }]);
	expect(warnings).toEqual([]);
});

it('keeps live modules, and what makes them, out of the browser', async () => {
	put('todos.ts');
	const refused = await imported('svelte-realtime/server', [], 'live/todos.ts');
	expect(refused).toMatch(
		/src\/live\/todos\.ts runs on the server alone, and a page imports it.*Import from \$live\/todos in place of the file\.$/
	);
	expect(await imported('svelte-realtime')).toMatch(
		/\+page\.svelte imports svelte-realtime, .*import from svelte-realtime\/client or \$live\/…\.$/
	);
});
