import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { isOffered, type LiveModule } from '../scan/live-module.ts';

/** The declarations of `$live/<path>`: every type is inferred from the live module itself. */
export function moduleTypes(module: LiveModule, declaration: string): string {
	const source = relative(dirname(declaration), module.file).split(sep).join('/');
	const lines = module.exports.flatMap((entry) => {
		if (!isOffered(entry)) return [];
		const type = `Client<M[${JSON.stringify(entry.name)}]>`;
		return entry.name === 'default'
			? [`declare const _default: ${type};`, `export default _default;`]
			: [`export declare const ${entry.name}: ${type};`];
	});
	return [
		`import type { Client } from 'svelte-realtime/types';`,
		`type M = typeof import(${JSON.stringify(source)});`,
		`export { empty } from 'svelte-realtime/client';`,
		...lines,
		''
	].join('\n');
}

/**
 * Writes `node_modules/$live/**.d.ts` below `root`, where `$live/x` resolves without any compiler setting. Files are only
 * touched when their text changes; declarations of modules that are gone are removed.
 */
export function writeTypes(root: string, modules: readonly LiveModule[]): void {
	const dir = join(root, 'node_modules', '$live');
	const wanted = new Map(modules.map((module) => [join(dir, `${module.path}.d.ts`), module]));
	for (const [file, module] of wanted) {
		const text = moduleTypes(module, file);
		if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, text);
	}
	if (!existsSync(dir)) return;
	for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
		const file = join(entry.parentPath, entry.name);
		if (entry.isFile() && file.endsWith('.d.ts') && !wanted.has(file)) rmSync(file);
	}
}
