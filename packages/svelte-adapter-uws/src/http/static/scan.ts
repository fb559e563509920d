import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { contentDisposition, contentType } from './content-type.ts';
import type { FileOnDisk } from './file-body.ts';
import { toStaticFile, type Content, type Redirect, type StaticFile, type StaticTable } from './table.ts';

export interface ScanOptions {
	/** Directories of the build that mirror the paths of the app from `/`; one that does not exist counts as empty. */
	readonly client: string;
	readonly prerendered: string;
	/** `paths.base`: `''`, or `/base`. */
	readonly base: string;
	/** `appDir`, for example `_app`; client files below its `immutable` folder never change. */
	readonly appDir: string;
	/** Bytes above which a file stays on disk and is streamed from there. Default: none does. */
	readonly memoryCap?: number;
}

/**
 * Reads the build once. Files of `client` are served at their paths, pages of `prerendered` at their clean paths with a
 * redirect from the other spelling of the trailing slash. Dotfiles are left out, `.well-known` is not.
 *
 * @example const table = scan({ client: 'build/client', prerendered: 'build/prerendered', base: '', appDir: '_app' });
 */
export function scan(options: ScanOptions): StaticTable {
	const { client, prerendered, base, appDir, memoryCap = Infinity } = options;
	const table = new Map<string, StaticFile | Redirect>();
	const immutable = `${base}/${appDir}/immutable/`;
	for (const [path, file] of readTree(join(client, base), base, memoryCap, immutable)) table.set(path, file);
	const pages = readTree(join(prerendered, base), base, memoryCap, undefined);
	for (const [path, file] of pages) setIfFree(table, pagePath(path), file);
	for (const [path] of pages) {
		const page = pagePath(path);
		const other = page.endsWith('/') ? page.slice(0, -1) : `${page}/`;
		if (page !== path && other !== '') setIfFree(table, other, { location: encode(page) });
	}
	return table;
}

function setIfFree(table: Map<string, StaticFile | Redirect>, path: string, entry: StaticFile | Redirect): void {
	if (!table.has(path)) table.set(path, entry);
}

function pagePath(path: string): string {
	if (path.endsWith('/index.html')) return path.slice(0, -'index.html'.length);
	return path.endsWith('.html') ? path.slice(0, -'.html'.length) : path;
}

function encode(path: string): string {
	return path.split('/').map(encodeURIComponent).join('/');
}

/** Every file below `root` but encoded siblings, by path, sorted so that the outcome does not depend on the file system. */
function readTree(root: string, prefix: string, memoryCap: number, immutable: string | undefined): [string, StaticFile][] {
	const found = new Map<string, FileOnDisk>();
	walk(root, prefix, found, new Set());
	const paths = [...found.keys()].filter((path) => !(/\.(?:br|gz)$/.test(path) && found.has(path.slice(0, -3)))).sort();
	return paths.map((path) => [path, readStatic(path, found, memoryCap, immutable !== undefined && path.startsWith(immutable))]);
}

/** Follows links; a directory that holds itself is visited once per way down. */
function walk(directory: string, prefix: string, found: Map<string, FileOnDisk>, above: ReadonlySet<string>): void {
	if (!existsSync(directory)) return;
	const real = realpathSync.native(directory);
	if (above.has(real)) return;
	const below = new Set(above).add(real);
	for (const name of readdirSync(real)) {
		if (name.startsWith('.') && name !== '.well-known') continue;
		const file = join(directory, name);
		// A link may lead nowhere.
		const stats = statSync(file, { throwIfNoEntry: false });
		if (stats?.isDirectory()) walk(file, `${prefix}/${name}`, found, below);
		else if (stats?.isFile()) found.set(`${prefix}/${name}`, { path: file, size: stats.size, modified: stats.mtimeMs });
	}
}

function readStatic(path: string, found: ReadonlyMap<string, FileOnDisk>, memoryCap: number, immutable: boolean): StaticFile {
	const identity = readContent(found.get(path)!, memoryCap);
	const sibling = (suffix: string): Content | undefined => {
		const encoded = found.get(path + suffix);
		return encoded && encoded.size < identity.size ? readContent(encoded, memoryCap) : undefined;
	};
	return toStaticFile({
		type: contentType(path),
		disposition: contentDisposition(basename(path)),
		immutable,
		tag: tag(identity),
		identity,
		br: sibling('.br'),
		gzip: sibling('.gz')
	});
}

function readContent(file: FileOnDisk, memoryCap: number): Content {
	if (file.size > memoryCap) return { ...file, bytes: undefined };
	const bytes = readFileSync(file.path);
	return { ...file, size: bytes.length, bytes };
}

/** A hash of what is in memory. What is left on disk may be too much to read at every start. */
function tag({ bytes, size, modified }: Content): string {
	if (!bytes) return `${Math.floor(modified).toString(36)}-${size.toString(36)}`;
	return hash('sha256', bytes, 'base64url').slice(0, 22);
}
