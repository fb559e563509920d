import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import { expect, it } from 'vitest';
import { root } from './setup.mjs';

const { forbidden, options } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs')) as {
	readonly forbidden: NonNullable<ICruiseOptions['ruleSet']>['forbidden'] & readonly { readonly name: string }[];
	readonly options: ICruiseOptions;
};

/** The names of the rules that a tree with these files breaks. */
async function brokenRules(files: Readonly<Record<string, string>>): Promise<string[]> {
	const tree = realpathSync(mkdtempSync(join(tmpdir(), 'floors-')));
	try {
		symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'junction');
		for (const [path, code] of Object.entries(files)) {
			const file = join(tree, 'packages', path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, code);
		}
		const { output } = await cruise(['packages'], { ...options, baseDir: tree, validate: true, ruleSet: { forbidden } });
		return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))];
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
	...['core', 'client', 'host', 'plugins'].map((below) => ['svelte-adapter-uws', below, 'build'] as const),
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

it.each(Object.keys(BREAKS))('reports what breaks %s', async (rule) => {
	expect(await brokenRules(BREAKS[rule]!)).toContain(rule);
});

it('lets each floor import those below it, and tests what they test', async () => {
	expect(
		await brokenRules({
			[`${ADAPTER}/contract/a.ts`]: `export type A = 1;`,
			[`${ADAPTER}/core/a.ts`]: `export type { A } from '../contract/a.ts';`,
			[`${ADAPTER}/host/a.ts`]: `import 'node:fs';\nexport type { A } from '../core/a.ts';`,
			[`${ADAPTER}/core/a.test.ts`]: `import 'node:fs';\nimport '../host/a.ts';`
		})
	).toEqual([]);
});
