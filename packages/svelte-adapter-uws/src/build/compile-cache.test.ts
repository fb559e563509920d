import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { COMPILE_CACHE, COMPILE_CACHE_SOURCE, fillCompileCache } from './compile-cache.ts';

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'compile cache '));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A build with one module beside its entry, and the cache of both. */
function made(name: string): string {
	const out = join(folder, name);
	mkdirSync(join(out, 'server'), { recursive: true });
	writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
	writeFileSync(join(out, 'index.js'), `${COMPILE_CACHE_SOURCE}await import('./server/app.js');\n`);
	writeFileSync(
		join(out, 'server/app.js'),
		`import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(join(folder, 'evaluated'))}, '');\nconsole.log('app runs');\n`
	);
	fillCompileCache(out);
	return out;
}

/** Starts a build, and gives what it prints: of its own, and of the module whose cache V8 took. */
function start(out: string, env: Record<string, string> = {}): { said: string; accepted: boolean } {
	const { stdout, stderr } = spawnSync(process.execPath, [join(out, 'index.js')], {
		encoding: 'utf8',
		env: { PATH: process.env['PATH'], NODE_DEBUG_NATIVE: 'COMPILE_CACHE', ...env }
	});
	return { said: stdout.replace(/^\[compile cache\].*\n/gm, ''), accepted: /app\.js was accepted/.test(stdout + stderr) };
}

it('compiles all modules of a build without evaluating one', () => {
	const built = made('build');
	expect(readdirSync(join(built, COMPILE_CACHE))).toHaveLength(1);
	expect(readdirSync(folder)).toEqual(['build']);
});

it('is read by a start, also where the build was moved to', () => {
	const built = made('build');
	expect(start(built)).toEqual({ said: 'app runs\n', accepted: true });
	const moved = join(folder, 'moved');
	renameSync(built, moved);
	expect(start(moved)).toEqual({ said: 'app runs\n', accepted: true });
});

it('is left alone where the environment says so, and where a module is not what it was', () => {
	const built = made('build');
	expect(start(built, { NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual({ said: 'app runs\n', accepted: false });
	writeFileSync(join(built, 'server/app.js'), "console.log('another app');\n");
	expect(start(built)).toEqual({ said: 'another app\n', accepted: false });
});

it('is done without where it can be neither read nor written', () => {
	const built = made('build');
	rmSync(join(built, COMPILE_CACHE), { recursive: true });
	writeFileSync(join(built, COMPILE_CACHE), 'a file in its place');
	expect(start(built)).toEqual({ said: 'app runs\n', accepted: false });
});

it('does not fail a build whose modules cannot be linked', () => {
	const out = join(folder, 'broken');
	mkdirSync(out);
	writeFileSync(join(out, 'index.js'), "import './absent.js';\n");
	expect(() => fillCompileCache(out)).not.toThrow();
});
