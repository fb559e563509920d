import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const NAMES = ['src/hooks.ws.ts', 'src/hooks.ws.js', 'src/hooks.ws.mjs'];

/**
 * Finds the project's WebSocket hooks: `handler` where it is given, else the first of `src/hooks.ws.ts`, `.js`, `.mjs`.
 * Gives an absolute path, or `undefined` when the project has none. Throws when a given handler does not exist.
 */
export function findHooksFile(root: string, handler?: string): string | undefined {
	if (handler !== undefined) {
		const file = resolve(root, handler);
		if (!existsSync(file))
			throw new Error(
				`websocket.handler: ${file} does not exist. Give a file relative to ${root}, or leave the option out to use src/hooks.ws.ts.`
			);
		return file;
	}
	return NAMES.map((name) => join(root, name)).find((file) => existsSync(file));
}
