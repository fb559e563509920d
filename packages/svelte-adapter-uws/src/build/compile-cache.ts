import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Folder of a build with what V8 made of its modules: a start reads it instead of compiling them again. */
export const COMPILE_CACHE = 'compile-cache';

const use = (directory: string): string => `const { enableCompileCache } = process.getBuiltinModule('node:module');
try {
	enableCompileCache({ directory: ${directory}, portable: true });
} catch {
	// An older Node takes a string, and finds nothing again once the build was moved.
	enableCompileCache(${directory});
}
`;

/**
 * What `index.js` does before it imports anything. Node checks by itself that what it reads is of this source, this version and
 * these flags, and does without where the folder cannot be read or written.
 */
export const COMPILE_CACHE_SOURCE: string = use(`import.meta.dirname + '/${COMPILE_CACHE}'`);

/** Compiles the modules of a build for the Node that runs this one. None of them is evaluated, and a failure leaves the folder empty. */
export function fillCompileCache(out: string): void {
	const root = resolve(out);
	const modules = globSync(['*.js', 'server/**/*.js'], { cwd: root }).map((file) => pathToFileURL(resolve(root, file)).href);
	// All modules are compiled before the first is evaluated, and that one throws.
	const graph = ['data:text/javascript,throw 0', ...modules].map((url) => `import ${JSON.stringify(url)};`).join('');
	const source = `${use(JSON.stringify(resolve(root, COMPILE_CACHE)))}
await import('data:text/javascript,' + encodeURIComponent(${JSON.stringify(graph)})).catch(() => {});`;
	spawnSync(process.execPath, ['--input-type=module', '--eval', source], { stdio: 'ignore', timeout: 30_000 });
}
