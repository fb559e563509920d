import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundlePlugin } from './bundle.ts';

let root: string;
// Outside of the repository, where the engine is nowhere to be found.
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'bundle '))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('leaves the engine to the machine that runs the server, although the one that builds it has none', async () => {
	const library = join(root, 'node_modules/library');
	mkdirSync(library, { recursive: true });
	const optional = {
		peerDependencies: { 'uWebSockets.js': '*' },
		peerDependenciesMeta: { 'uWebSockets.js': { optional: true } }
	};
	writeFileSync(join(library, 'package.json'), JSON.stringify({ name: 'library', type: 'module', main: 'main.js', ...optional }));
	writeFileSync(join(library, 'main.js'), `export const engine = () => import('uWebSockets.js');`);
	writeFileSync(join(root, 'package.json'), '{"type":"module"}');
	writeFileSync(join(root, 'entry.js'), `export * from 'library';`);
	const { output } = (await build({
		root,
		configFile: false,
		logLevel: 'error',
		plugins: [bundlePlugin(() => ({ active: false, websocket: false }))],
		build: { write: false, ssr: 'entry.js' }
	})) as Rolldown.RolldownOutput;
	expect(output).toHaveLength(1);
	expect(output[0].code).toMatch(/import\(["']uWebSockets\.js["']\)/);
});
