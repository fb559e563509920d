import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { root } from './setup.mjs';

interface Budget {
	/** The published subpath. */
	readonly entry: string;
	/** What a page imports of it. */
	readonly names: readonly string[];
	/** The most that this costs: minified and compressed with gzip, everything included but Svelte, which the page has. */
	readonly bytes: number;
}

const budgets = JSON.parse(readFileSync(join(root, 'bench/budgets.json'), 'utf8')) as readonly Budget[];

/** What a page downloads. */
async function size({ entry, names }: Budget): Promise<number> {
	const result = (await build({
		root,
		configFile: false,
		logLevel: 'silent',
		plugins: [
			{
				name: 'page',
				resolveId: (id) => (id === 'page' ? '\0page' : undefined),
				load: (id) => (id === '\0page' ? `export { ${names.join(', ')} } from ${JSON.stringify(entry)}` : undefined)
			}
		],
		build: {
			write: false,
			minify: true,
			target: 'es2022',
			rolldownOptions: { input: 'page', preserveEntrySignatures: 'strict', external: /^svelte\// }
		}
	})) as Rolldown.RolldownOutput;
	return result.output.reduce((sum, part) => sum + (part.type === 'chunk' ? gzipSync(part.code, { level: 9 }).length : 0), 0);
}

// What a page downloads is built for production, whatever runs the tests: hints to authors are not in it.
beforeEach(() => void vi.stubEnv('NODE_ENV', 'production'));
afterEach(() => void vi.unstubAllEnvs());

it.each(budgets)('$entry with $names costs a page at most $bytes bytes', async (budget) => {
	const bytes = await size(budget);
	expect(bytes).toBeLessThanOrEqual(budget.bytes);
	// A budget far above what is needed would let a page grow unnoticed.
	expect(bytes).toBeGreaterThan(budget.bytes * 0.85);
});
