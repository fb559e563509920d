// Builds the packages and the demo board, each only when something it is made of has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBinary, root } from './setup.mjs';

const IGNORED = new Set(['node_modules', 'dist', 'build', '.svelte-kit', 'data', '.cache']);

/** One hash over names and contents of every file below the folders, what builds make aside. */
function hashOf(folders) {
	const hash = createHash('sha256');
	const visit = (folder) => {
		for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
			if (IGNORED.has(entry.name) && entry.name !== 'build') continue;
			const path = join(folder, entry.name);
			// `src/build` is a source folder; `build` beside a package.json is what a build made.
			if (entry.name === 'build' && existsSync(join(folder, 'package.json'))) continue;
			if (entry.isDirectory()) visit(path);
			else if (entry.isFile()) hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
		}
	};
	for (const folder of folders) visit(join(root, folder));
	return hash.digest('hex');
}

function run(what, args, cwd) {
	console.log(`build: ${what}`);
	const { status } = spawnSync(nodeBinary, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
	if (status !== 0) throw new Error(`${what} failed.`);
}

/** Builds unless the last build was of the same files and its output is there. */
function whenChanged(name, folders, output, build) {
	const marker = join(root, '.cache', `${name}.built`);
	const hash = hashOf(folders);
	if (existsSync(join(root, output)) && existsSync(marker) && readFileSync(marker, 'utf8') === hash) return;
	build();
	mkdirSync(join(root, '.cache'), { recursive: true });
	writeFileSync(marker, hash);
}

export const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
const PACKAGES = ['svelte-adapter-uws', 'svelte-realtime', 'conformance'];

export function buildPackages() {
	whenChanged('packages', ['packages'], 'packages/svelte-realtime/dist/server.js', () =>
		run('compiling the packages', [tsc, '-b', ...PACKAGES.map((name) => join('packages', name, 'tsconfig.json'))], root)
	);
}

export function buildApp(folder) {
	whenChanged(folder.replaceAll('/', '-'), ['packages', folder], `${folder}/build/index.js`, () =>
		run(`building ${folder}`, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], join(root, folder))
	);
}

export const buildBoard = () => buildApp('examples/board');
