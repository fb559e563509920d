// `npm run bench`: builds what is measured, and measures it. Arguments are those of `bench/run.ts`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildPackages } from './build.mjs';
import { nodeBinary, root, setup } from './setup.mjs';

const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

function run(args, cwd, env = {}) {
	const { status } = spawnSync(nodeBinary, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' });
	if (status !== 0) process.exit(status ?? 1);
}

setup({ bench: true });
buildPackages();
if (!process.argv.includes('--micro')) {
	const app = join(root, 'bench', 'app');
	for (const adapter of ['uws', 'node']) run([vite, 'build', '--logLevel', 'error'], app, { ADAPTER: adapter });
}
run(['bench/run.ts', ...process.argv.slice(2)], root);
