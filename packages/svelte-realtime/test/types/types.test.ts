import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeTypes } from '../../src/build/emit/types.ts';
import { scanLiveDirectory } from '../../src/build/scan/manifest.ts';

const project = fileURLToPath(new URL('project', import.meta.url));
const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** Compiles the project; gives what the compiler says, which is nothing when all is well. */
async function compile(compiler: string): Promise<string> {
	const bin = join(dirname(require.resolve(`${compiler}/package.json`)), 'bin/tsc');
	return run(process.execPath, [bin, '-p', project]).then(
		() => '',
		(error: { stdout: string }) => error.stdout
	);
}

it.each([
	['6', 'typescript'],
	['7', '@typescript/native']
])(
	'infers $live types exactly from the live modules on TypeScript %s',
	async (major, compiler) => {
		expect(require(`${compiler}/package.json`).version.split('.')[0]).toBe(major);
		writeTypes(project, scanLiveDirectory(join(project, 'src/live')));
		expect(readFileSync(join(project, 'node_modules/$live/todos.d.ts'), 'utf8')).toContain(
			`typeof import("../../src/live/todos.ts")`
		);
		expect(await compile(compiler)).toBe('');
	},
	// Compilers take as long as they take.
	240_000
);
