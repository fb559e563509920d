import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './setup.mjs';

const config = join(root, '.dependency-cruiser.cjs');
const { forbidden } = createRequire(import.meta.url)(config) as { readonly forbidden: readonly { readonly name: string }[] };

/** The names of the rules that a tree with these files breaks. */
function brokenRules(files: Readonly<Record<string, string>>): string[] {
	const tree = mkdtempSync(join(tmpdir(), 'floors-'));
	try {
		for (const name of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json'])
			copyFileSync(join(root, name), join(tree, name));
		symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'junction');
		for (const [path, code] of Object.entries(files)) {
			const file = join(tree, 'packages', path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, code);
		}
		const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
		const args = [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'packages'];
		const output = execFileSync(process.execPath, args, { cwd: tree, encoding: 'utf8' });
		const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string } }[] } };
		return [...new Set(summary.violations.map(({ rule }) => rule.name))];
	} finally {
		rmSync(tree, { recursive: true, force: true });
	}
}

const ADAPTER = 'svelte-adapter-uws/src';
const REALTIME = 'svelte-realtime/src';

/** For each rule a tree that breaks it. */
const BREAKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	'no-circles': {
		[`${ADAPTER}/core/a.ts`]: `import type { B } from './b.ts';\nexport type A = B | 1;`,
		[`${ADAPTER}/core/b.ts`]: `import type { A } from './a.ts';\nexport type B = A | 2;`
	},
	'node-stays-on-the-server': { [`${ADAPTER}/client/a.ts`]: `import 'node:fs';` },
	'uws-lives-in-one-folder': { [`${ADAPTER}/host/a.ts`]: `import 'uWebSockets.js';` },
	'ws-lives-in-the-node-transport': { [`${ADAPTER}/host/a.ts`]: `import 'ws';` },
	'features-stand-apart': {
		[`${REALTIME}/features/call.ts`]: `import './stream/a.ts';`,
		[`${REALTIME}/features/stream/a.ts`]: `export {};`
	},
	'live-comes-before-the-app': {
		[`${REALTIME}/live.ts`]: `import './hooks.ts';`,
		[`${REALTIME}/hooks.ts`]: `import './attach.ts';`,
		[`${REALTIME}/attach.ts`]: `export {};`
	},
	'public-subpaths-only': {
		[`${REALTIME}/attach.ts`]: `import '../../svelte-adapter-uws/src/host/a.ts';`,
		[`${ADAPTER}/host/a.ts`]: `export {};`
	},
	'nothing-imports-a-face': { [`${ADAPTER}/host/a.ts`]: `import '../index.ts';`, [`${ADAPTER}/index.ts`]: `export {};` },
	'svelte-is-not-needed': { [`${ADAPTER}/client/a.ts`]: `import 'svelte/store';` }
};

/** For each folder one that it must not know. */
for (const [name, folder, above] of [
	...['contract', 'protocol', 'merge', 'transport', 'http', 'service'].map(
		(below) => ['svelte-adapter-uws', below, 'core'] as const
	),
	...['core', 'client', 'host'].map((below) => ['svelte-adapter-uws', below, 'build'] as const),
	['svelte-adapter-uws', 'build', 'http'],
	...['shared', 'define', 'runtime', 'client', 'build'].map((below) => ['svelte-realtime', below, 'features'] as const),
	['svelte-realtime', 'features', 'build']
] as const) {
	Object.assign(BREAKS, {
		[`${name}-${folder}`]: {
			[`${name}/src/${folder}/a.ts`]: `import type { B } from '../${above}/b.ts';\nexport type A = B;`,
			[`${name}/src/${above}/b.ts`]: `export type B = 1;`
		}
	});
}

it('has a tree for every rule', () => {
	expect(Object.keys(BREAKS).toSorted()).toEqual(forbidden.map((rule) => rule.name).toSorted());
});

it.each(Object.keys(BREAKS))('reports what breaks %s', (rule) => {
	expect(brokenRules(BREAKS[rule]!)).toContain(rule);
});

it('lets each floor import those below it, and tests what they test', () => {
	expect(
		brokenRules({
			[`${ADAPTER}/contract/a.ts`]: `export type A = 1;`,
			[`${ADAPTER}/core/a.ts`]: `export type { A } from '../contract/a.ts';`,
			[`${ADAPTER}/host/a.ts`]: `import 'node:fs';\nexport type { A } from '../core/a.ts';`,
			[`${ADAPTER}/core/a.test.ts`]: `import 'node:fs';\nimport '../host/a.ts';`
		})
	).toEqual([]);
});
