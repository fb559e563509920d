// `npm test`: everything that has to hold, step by step; the last line says how much of it does.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp, buildPackages, tsc } from './build.mjs';
import { nodeBinary, root, setup } from './setup.mjs';

const bin = (name, file) => join(root, 'node_modules', ...name.split('/'), file);
const total = { passed: 0, failed: 0, skipped: 0 };

// Tools that start `node` by name have to find the project's own.
process.env.PATH = `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;

function node(args, cwd = root) {
	const { status } = spawnSync(nodeBinary, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
	if (status !== 0) throw new Error(`exit code ${status}`);
}

/** Runs one vitest project and counts its tests. */
function vitest(project) {
	const report = join(root, '.cache', `${project}.json`);
	mkdirSync(join(root, '.cache'), { recursive: true });
	rmSync(report, { force: true });
	const args = [
		bin('vitest', 'vitest.mjs'),
		'run',
		'--project',
		project,
		'--reporter=default',
		'--reporter=json',
		`--outputFile.json=${report}`
	];
	const { status } = spawnSync(nodeBinary, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
	if (!existsSync(report)) throw new Error('vitest did not report');
	const { numPassedTests, numFailedTests, numPendingTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'));
	if (numTotalTests === 0) throw new Error('no test ran');
	total.passed += numPassedTests;
	total.failed += numFailedTests;
	total.skipped += numPendingTests;
	// A file that fails to load, or an error outside of any test, fails the run without failing a test.
	if (status !== 0 && numFailedTests === 0) throw new Error(`exit code ${status}`);
	return numFailedTests === 0;
}

const testProjects = () =>
	readdirSync(join(root, 'packages'))
		.map((name) => join(root, 'packages', name, 'tsconfig.test.json'))
		.filter(existsSync);

/** The SvelteKit apps that tests run, and those whose types are checked. */
const BUILT = ['examples/board', 'tests/app'];
const APPS = [...BUILT, 'bench/app'];

const CHECKS = {
	build: () => {
		buildPackages();
		for (const app of BUILT) buildApp(app);
		for (const app of APPS) {
			// Installing packages removes the types that SvelteKit writes, which every check below reads.
			node([bin('@sveltejs/kit', 'svelte-kit.js'), 'sync'], join(root, app));
		}
	},
	lint: () =>
		node([bin('oxlint', 'bin/oxlint'), '--type-aware', '--deny-warnings', 'packages', 'scripts', 'tests', 'bench', 'examples']),
	format: () => node([bin('oxfmt', 'bin/oxfmt'), '--check', 'packages', 'scripts', 'tests', 'bench', 'examples']),
	floors: () =>
		node([bin('dependency-cruiser', 'bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.cjs', 'packages']),
	state: () => node(['scripts/check-state.mjs']),
	types: () => {
		for (const project of [
			...testProjects(),
			...['tests/e2e', 'tests/packaging', 'bench'].map((folder) => join(root, folder, 'tsconfig.json'))
		])
			node([tsc, '-p', project]);
	},
	svelte: () => {
		const check = [bin('svelte-check', 'bin/svelte-check'), '--tsconfig', './tsconfig.json', '--fail-on-warnings'];
		for (const app of APPS) node(check, join(root, app));
	}
};
const SUITES = ['unit', 'packaging', 'e2e'];

function step(name, run) {
	console.log(`\ntest: ${name}`);
	const start = Date.now();
	let ok = false;
	try {
		ok = run() !== false;
	} catch (error) {
		console.error(`test: ${name}: ${error.message}`);
		total.failed++;
	}
	console.log(`test: ${name} ${ok ? 'ok' : 'FAILED'} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
	return ok;
}

const only = process.argv.includes('--only') ? (process.argv[process.argv.indexOf('--only') + 1] ?? '').split(',') : undefined;
const unknown = only?.filter((name) => !(name in CHECKS) && !SUITES.includes(name)) ?? [];
if (unknown.length > 0) {
	console.error(`test: there is no step ${unknown.join(', ')}. Steps: ${[...Object.keys(CHECKS), ...SUITES].join(', ')}`);
	process.exit(1);
}

try {
	setup({ tests: true });
} catch (error) {
	console.error(`test: ${error.message}`);
	process.exit(1);
}
for (const [name, run] of Object.entries(CHECKS)) {
	if (only && !only.includes(name) && name !== 'build') continue;
	if (step(name, run)) total.passed++;
}
for (const name of SUITES) if (!only || only.includes(name)) step(name, () => vitest(name));
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);
