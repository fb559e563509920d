import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './setup.mjs';

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
	cwd: root,
	encoding: 'utf8'
});
const pages = listed.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));

/** The anchors of a page: its headings in the form that GitHub gives them. */
function anchors(page: string): readonly string[] {
	const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm);
	return [...headings].map(([, heading]) =>
		heading!
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, '')
			.replaceAll(' ', '-')
	);
}

it('finds the pages', () => {
	expect(pages).toContain('README.md');
	expect(pages).toContain('docs/protocol/envelope.md');
});

it.each(pages)('%s links to what exists', (page) => {
	const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
	const dead = [...text.matchAll(/\]\((?![a-z]+:)([^)\s]*)\)/g)]
		.map(([, target]) => target!)
		.filter((target) => {
			const [path, anchor] = target.split('#');
			const file = path === '' ? join(root, page) : join(root, dirname(page), decodeURI(path!));
			return !existsSync(file) || (anchor !== undefined && !anchors(file).includes(anchor));
		});
	expect(dead).toEqual([]);
});

it.each(pages)('%s names scripts that exist', (page) => {
	const text = readFileSync(join(root, page), 'utf8');
	const missing = [...text.matchAll(/\bnpm (?:run )?(start|test|(?<=run )[\w:-]+)(?: -w ([\w/-]+))?/g)]
		.filter(([, script, workspace = '.']) => {
			const { scripts = {} } = JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8')) as {
				readonly scripts?: Readonly<Record<string, string>>;
			};
			return !Object.hasOwn(scripts, script!);
		})
		.map(([command]) => command);
	expect(missing).toEqual([]);
});

const sources = [
	'',
	'packages',
	...['svelte-adapter-uws', 'svelte-realtime'].flatMap((name) => [`packages/${name}`, `packages/${name}/src`])
];

it.each(['ARCHITECTURE.md', 'AGENTS.md', 'CONTRIBUTING.md', ...pages.filter((page) => page.startsWith('docs/'))])(
	'%s names files that exist',
	(page) => {
		const text = readFileSync(join(root, page), 'utf8');
		// Paths inside a package may leave out where the package is.
		const missing = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/(?:[\w.-]+\.(?:ts|mjs|cjs|md))?)`/g)]
			.map(([, path]) => path!)
			.filter((path) => !sources.some((source) => existsSync(join(root, source, path))));
		expect(missing).toEqual([]);
	}
);
