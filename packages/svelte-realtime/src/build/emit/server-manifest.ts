import type { LiveModule } from '../scan/live-module.ts';

/** The module that `generation` is the text of. */
export const GENERATION = 'svelte-realtime/generation';

/**
 * Stands before all live modules in dev, and is run anew with them: what they say of the whole app, by calls such as
 * `live.middleware(…)`, is said from the beginning. A server that goes on with the version before keeps what that has said.
 */
export const generation: string = `delete globalThis[Symbol.for('svelte-realtime.app')];\n`;

/**
 * The module that takes the place of `svelte-realtime/manifest`. `eager` imports every live module with it, so that one
 * which does not compile fails the import of the whole and the version before stays in force.
 */
export function serverManifest(modules: readonly LiveModule[], eager: boolean): string {
	const imports = eager ? modules.map((module, i) => `import * as live${i} from ${JSON.stringify(module.file)};`) : [];
	const entries = modules.map((module, i) => {
		const load = eager ? `async () => live${i}` : `() => import(${JSON.stringify(module.file)})`;
		const built = Object.fromEntries(
			module.exports.flatMap((entry) =>
				entry.kind === 'stream' && entry.topicCtx !== undefined ? [[entry.name, { topicCtx: entry.topicCtx }]] : []
			)
		);
		return `\t{ path: ${JSON.stringify(module.path)}, load: ${load}, built: ${JSON.stringify(built)} }`;
	});
	return [
		...(eager ? [`import ${JSON.stringify(GENERATION)};`] : []),
		...imports,
		`export const manifest = [`,
		entries.join(',\n'),
		`];`,
		`export const generated = true;`,
		`export const dev = ${eager};`,
		''
	].join('\n');
}
