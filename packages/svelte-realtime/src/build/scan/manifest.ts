import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { LiveModule } from './live-module.ts';
import { parseLiveModule, type ReadModule } from './parse.ts';

const LIVE_FILE = /\.(?:[cm]?js|[cm]?ts)$/;
const NOT_LIVE = /\.d\.[cm]?ts$|\.(?:test|spec)\.[cm]?[jt]s$/;
const SEGMENT = /^[A-Za-z0-9_-]+$/;
const ENDINGS = ['', '.ts', '.js', '.mts', '.mjs', '/index.ts', '/index.js'];

/** The module path of a file below the live directory, or `undefined` when it is not a live module by its name. */
export function livePath(dir: string, file: string): string | undefined {
	const below = relative(dir, file);
	if (below.startsWith('..') || !LIVE_FILE.test(below) || NOT_LIVE.test(below)) return undefined;
	return below.replace(LIVE_FILE, '').split(sep).join('/');
}

/** The file of a module path, or `undefined`. */
export function liveFile(dir: string, path: string): string | undefined {
	if (!path.split('/').every((segment) => SEGMENT.test(segment))) return undefined;
	return ENDINGS.slice(1, 5)
		.map((ending) => join(dir, path + ending))
		.find((file) => existsSync(file));
}

/** Every live module below `dir`, by path. Files whose names cannot be called are left out. Throws on a module that does not parse. */
export function scanLiveDirectory(dir: string): readonly LiveModule[] {
	return found(dir).map(({ path, file }) => readLiveModule(path, file));
}

/** The path of every live module below `dir`, sorted. */
export const livePaths = (dir: string): readonly string[] => found(dir).map(({ path }) => path);

function found(dir: string): readonly { readonly path: string; readonly file: string }[] {
	if (!existsSync(dir)) return [];
	return readdirSync(dir, { recursive: true, withFileTypes: true })
		.flatMap((entry) => {
			if (!entry.isFile()) return [];
			const file = join(entry.parentPath, entry.name);
			const path = livePath(dir, file);
			return path?.split('/').every((segment) => SEGMENT.test(segment)) ? [{ path, file }] : [];
		})
		.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads and parses one live module. */
export function readLiveModule(path: string, file: string): LiveModule {
	return parseLiveModule(path, file, readFileSync(file, 'utf8'), readRelative);
}

// Only files of the app can hold live exports, and those are reached by relative specifiers; TypeScript's `.js` means `.ts`.
const readRelative: ReadModule = (specifier, importer) => {
	if (!specifier.startsWith('.')) return undefined;
	const base = resolve(dirname(importer), specifier);
	for (const name of [base, base.replace(/\.([cm]?)js$/, '.$1ts')]) {
		for (const ending of ENDINGS) {
			const file = name + ending;
			if (LIVE_FILE.test(file) && existsSync(file)) return { file, code: readFileSync(file, 'utf8') };
		}
	}
	return undefined;
};
