// Builds the packages and the apps made of them, each only when something it is made of has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeBinary, root } from './setup.mjs';

const MADE = new Set(['node_modules', 'build', '.svelte-kit', 'data']);
export const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
export const packages = readdirSync(join(root, 'packages')).filter((name) =>
	existsSync(join(root, 'packages', name, 'tsconfig.json'))
);

function run(what, args, cwd) {
	console.log(`build: ${what}`);
	const { status } = spawnSync(nodeBinary, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
	if (status !== 0) throw new Error(`${what} failed.`);
}

function* filesBelow(folder, skip) {
	for (const entry of readdirSync(folder, { withFileTypes: true })) {
		const path = join(folder, entry.name);
		if (skip(entry.name)) continue;
		if (entry.isDirectory()) yield* filesBelow(path, skip);
		else if (entry.isFile()) yield path;
	}
}

/** Removes from `dist` what was compiled from a source that is no more: it would be packed, and imports of it would still work. */
function prune(name) {
	const dist = join(root, 'packages', name, 'dist');
	if (!existsSync(dist)) return;
	for (const file of filesBelow(dist, () => false)) {
		const source = join(root, 'packages', name, 'src', file.slice(dist.length).replace(/\.(?:d\.ts|js)(?:\.map)?$/, '.ts'));
		if (/\.(?:ts|js|map)$/.test(file) && !existsSync(source)) rmSync(file);
	}
}

/** Compiles every package; the compiler itself knows what has changed. */
export function buildPackages() {
	for (const name of packages) prune(name);
	run('compiling the packages', [tsc, '-b', ...packages.map((name) => join('packages', name, 'tsconfig.json'))], root);
}

/** Builds the SvelteKit app in `folder` unless its last build was made of the same files and the same packages. */
export function buildApp(folder) {
	const app = join(root, folder);
	const files = [...filesBelow(app, (name) => MADE.has(name)), join(root, 'package-lock.json')];
	for (const name of packages) {
		files.push(
			join(root, 'packages', name, 'package.json'),
			...filesBelow(join(root, 'packages', name, 'dist'), (file) => /\.(?:map|tsbuildinfo)$/.test(file))
		);
	}
	const hash = createHash('sha256');
	for (const file of files.sort((a, b) => (a < b ? -1 : 1)))
		hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
	const inputs = hash.digest('hex');
	// The record lies in the output, so that a build made by anybody else takes it away.
	const record = join(app, 'build', '.inputs');
	if (existsSync(record) && readFileSync(record, 'utf8') === inputs) return;
	run(`building ${folder}`, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], app);
	writeFileSync(record, inputs);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		buildPackages();
	} catch (error) {
		console.error(`build: ${error.message}`);
		process.exit(1);
	}
}
