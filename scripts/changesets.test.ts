import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './setup.mjs';

interface Release {
	readonly name: string;
	readonly type: 'none' | 'patch' | 'minor' | 'major';
	readonly newVersion: string;
}

interface Manifest {
	readonly name: string;
	readonly private?: boolean;
	readonly peerDependencies?: Readonly<Record<string, string>>;
}

const pending = readdirSync(join(root, '.changeset')).filter((file) => file.endsWith('.md') && file !== 'README.md');
const folders = readdirSync(join(root, 'packages'));
const published = folders
	.map((name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest)
	.filter((manifest) => !manifest.private);

/**
 * What the pending changesets, and `more` by file name, would release. Throws when one names a package that does not exist.
 * In a tree of its own, because the tool reads only those changesets that git takes for new.
 */
function releases(more: Readonly<Record<string, string>> = {}): readonly Release[] {
	const tree = mkdtempSync(join(tmpdir(), 'changesets-'));
	const git = (...args: readonly string[]): Buffer =>
		execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', ...args], { cwd: tree, stdio: 'pipe' });
	try {
		for (const name of folders) {
			mkdirSync(join(tree, 'packages', name), { recursive: true });
			copyFileSync(join(root, 'packages', name, 'package.json'), join(tree, 'packages', name, 'package.json'));
		}
		writeFileSync(join(tree, 'package.json'), '{ "name": "tree", "private": true, "workspaces": ["packages/*"] }');
		writeFileSync(join(tree, 'package-lock.json'), '{}');
		git('init', '--quiet', '--initial-branch=main');
		git('add', '.');
		git('commit', '--quiet', '--no-verify', '--message', 'Before');
		cpSync(join(root, '.changeset'), join(tree, '.changeset'), { recursive: true });
		for (const [file, text] of Object.entries(more)) writeFileSync(join(tree, '.changeset', file), text);
		git('add', '.');
		const args = [join(root, 'node_modules/@changesets/cli/bin.js'), 'status', '--since', 'HEAD', '--output', 'status.json'];
		const { status: code, stdout, stderr } = spawnSync(process.execPath, args, { cwd: tree, encoding: 'utf8' });
		if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
		const status = JSON.parse(readFileSync(join(tree, 'status.json'), 'utf8')) as { readonly releases: readonly Release[] };
		return status.releases.filter(({ type }) => type !== 'none');
	} finally {
		rmSync(tree, { recursive: true, force: true });
	}
}

// Right after a release there is no changeset, and nothing to ask about.
it.skipIf(pending.length === 0)('releases packages that are public, in versions that accept each other', () => {
	const released = releases();
	expect(released.length).toBeGreaterThan(0);
	expect(published.map(({ name }) => name)).toEqual(expect.arrayContaining(released.map(({ name }) => name)));
	for (const { name, newVersion } of released) {
		for (const { peerDependencies } of published) {
			const range = peerDependencies?.[name];
			// Below 1.0.0 a caret keeps the minor version.
			if (range !== undefined) expect(newVersion.split('.').slice(0, 2)).toEqual(range.slice(1).split('.').slice(0, 2));
		}
	}
});

it('refuses a changeset of a package that does not exist', () => {
	expect(() => releases({ 'wrong.md': "---\n'svelte-realtimes': patch\n---\n\nA change.\n" })).toThrow('svelte-realtimes');
});
