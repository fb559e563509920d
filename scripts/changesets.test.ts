import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
const published = readdirSync(join(root, 'packages'))
	.map((name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest)
	.filter((manifest) => !manifest.private);

/** What the pending changesets would release. Throws when one names a package that does not exist. */
function releases(): readonly Release[] {
	const folder = mkdtempSync(join(tmpdir(), 'changesets-'));
	try {
		const output = join(folder, 'status.json');
		const args = [join(root, 'node_modules/@changesets/cli/bin.js'), 'status', '--since', 'HEAD', '--output', output];
		execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' });
		const status = JSON.parse(readFileSync(output, 'utf8')) as { readonly releases: readonly Release[] };
		return status.releases.filter(({ type }) => type !== 'none');
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

// Right after a release there is no changeset, and nothing to ask about.
it.skipIf(pending.length === 0)('releases packages that exist and are public, in versions that accept each other', () => {
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
