import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tarball as pack } from './project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = join(root, 'packages');
const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
const published = readdirSync(packages).filter((name) => !manifest(name).private);

interface Manifest {
	readonly private?: boolean;
	readonly version: string;
	readonly peerDependencies?: Readonly<Record<string, string>>;
}

function manifest(name: string): Manifest {
	return JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as Manifest;
}

describe.each(published)('the tarball of %s', (name) => {
	let folder: string;
	let tarball: string;

	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'tarball '));
		tarball = pack(name);
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it('has no fault that publint knows', async () => {
		const { messages } = await publint({ pack: { tarball: buffer(tarball) }, strict: true });
		expect(messages.map((message) => formatMessage(message, manifest(name)))).toEqual([]);
	});

	it('has types that every resolver of modules finds and agrees on', () => {
		const { status, stdout } = spawnSync(process.execPath, [attw, tarball, '--profile', 'esm-only'], { encoding: 'utf8' });
		expect(status, stdout).toBe(0);
	});

	it('holds its license, its README and nothing but what it runs on', () => {
		const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
		expect(files).toEqual(expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/package.json']));
		expect(
			files.filter((file) => !/^package\/(?:LICENSE|README\.md|package\.json|dist\/.+\.(?:js|js\.map|d\.ts))$/.test(file))
		).toEqual([]);
	});

	it('has source maps that hold their sources, which are not in it', () => {
		execFileSync('tar', ['-xzf', tarball, '-C', folder]);
		const maps = globSync('package/dist/**/*.map', { cwd: folder });
		expect(maps.length).toBeGreaterThan(0);
		const broken = maps.filter((file) => {
			const map = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { readonly sourcesContent?: readonly unknown[] };
			return !map.sourcesContent?.every((source) => typeof source === 'string');
		});
		expect(broken).toEqual([]);
	});
});

function buffer(file: string): ArrayBuffer {
	const bytes = readFileSync(file);
	return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

it('asks for those of our packages that exist', () => {
	for (const name of published) {
		for (const [peer, range] of Object.entries(manifest(name).peerDependencies ?? {})) {
			if (published.includes(peer)) expect(`^${manifest(peer).version}`).toBe(range);
		}
	}
});
