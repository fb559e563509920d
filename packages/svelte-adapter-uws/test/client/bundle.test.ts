import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { expect, it } from 'vitest';

const FACE = fileURLToPath(new URL('../../src/client.ts', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** What a page downloads for these exports: minified, everything included. */
async function bundle(names: string): Promise<{ readonly code: string; readonly modules: string[] }> {
	const entry = '\0entry';
	const result = (await build({
		configFile: false,
		logLevel: 'silent',
		plugins: [
			{
				name: 'entry',
				resolveId: (id) => (id === 'entry' ? entry : undefined),
				load: (id) => (id === entry ? `export { ${names} } from ${JSON.stringify(FACE)}` : undefined)
			}
		],
		build: {
			write: false,
			minify: true,
			target: 'es2022',
			rolldownOptions: { input: 'entry', preserveEntrySignatures: 'strict' }
		}
	})) as Rolldown.RolldownOutput;
	const [chunk] = result.output;
	return {
		code: chunk.code,
		modules: Object.entries(chunk.modules)
			.filter(([, { renderedLength }]) => renderedLength > 0)
			// Wherever the repository stands.
			.map(([id]) => relative(PACKAGE, id))
	};
}

it('brings nothing that is not asked for: no other store, no Svelte, no server', async () => {
	const { modules } = await bundle('on, crud, status');
	expect(modules.filter((id) => /lookup|latest|count|presence|cursor|once|connect\.ts|node_modules|core\//.test(id))).toEqual([]);
});

it('does nothing when it is only loaded', async () => {
	const face: Record<string, unknown> = await import('../../src/client.ts');
	expect(Object.keys(face).sort()).toEqual(
		[
			'classifyCloseCode',
			'connect',
			'count',
			'createClient',
			'crud',
			'denials',
			'failure',
			'latest',
			'lookup',
			'nextReconnectDelay',
			'on',
			'onDerived',
			'onRequest',
			'once',
			'ready',
			'status'
		].sort()
	);
	expect(Object.getOwnPropertySymbols(globalThis).filter((symbol) => symbol.description?.startsWith('svelte-'))).toEqual([]);
	const { code } = await bundle('');
	expect(code.trim()).toBe('');
});
