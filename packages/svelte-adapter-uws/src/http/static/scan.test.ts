import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { scan, type ScanOptions } from './scan.ts';
import type { StaticFile } from './table.ts';

const made: string[] = [];
afterEach(async () => {
	for (const directory of made.splice(0)) await rm(directory, { recursive: true });
});

async function tree(files: Record<string, string>): Promise<string> {
	const root = await mkdtemp(join(tmpdir(), 'scan-'));
	made.push(root);
	for (const [path, text] of Object.entries(files)) {
		await mkdir(dirname(join(root, path)), { recursive: true });
		await writeFile(join(root, path), text);
	}
	return root;
}

async function scanTree(files: Record<string, string>, options: Partial<ScanOptions> = {}) {
	const root = await tree(files);
	const table = scan({
		client: join(root, 'client'),
		prerendered: join(root, 'prerendered'),
		base: '',
		appDir: '_app',
		...options
	});
	return {
		root,
		table,
		paths: [...table.keys()].sort(),
		text: (path: string, variant: 'identity' | 'br' | 'gzip' = 'identity') => {
			const bytes = (table.get(path) as StaticFile)[variant]?.content.bytes;
			return bytes && new TextDecoder().decode(bytes);
		},
		header: (path: string, name: string) =>
			(table.get(path) as StaticFile).identity.whole.headers.find(([key]) => key === name)?.[1]
	};
}

it('reads files at their paths, those with spaces and letters of any language too', async () => {
	const { paths, text, header } = await scanTree({
		'client/a.txt': 'A',
		'client/_app/immutable/x.js': 'X',
		'client/_app/version.json': '{}',
		'client/mit leer/größe.txt': 'G'
	});
	expect(paths).toEqual(['/_app/immutable/x.js', '/_app/version.json', '/a.txt', '/mit leer/größe.txt']);
	expect(text('/mit leer/größe.txt')).toBe('G');
	expect(header('/_app/immutable/x.js', 'cache-control')).toBe('public, max-age=31536000, immutable');
	expect(header('/_app/version.json', 'cache-control')).toBe('no-cache');
});

it('tags a file by its bytes alone', async () => {
	const one = await scanTree({ 'client/a.txt': 'same', 'client/b.txt': 'other' });
	const two = await scanTree({ 'client/a.txt': 'same', 'client/c.txt': 'same' });
	expect(one.header('/a.txt', 'etag')).toBe(two.header('/a.txt', 'etag'));
	expect(two.header('/a.txt', 'etag')).toBe(two.header('/c.txt', 'etag'));
	expect(one.header('/a.txt', 'etag')).not.toBe(one.header('/b.txt', 'etag'));
	expect(one.header('/a.txt', 'etag')).toMatch(/^"[\w-]{22}"$/);
});

it('takes encoded siblings where they are smaller, and serves archives that have no sibling as files', async () => {
	const { paths, text, table } = await scanTree({
		'client/a.js': '0123456789',
		'client/a.js.br': 'BR',
		'client/a.js.gz': '0123456789',
		'client/dump.gz': 'archive',
		'client/b.br': 'b'
	});
	expect(paths).toEqual(['/a.js', '/b.br', '/dump.gz']);
	expect(text('/a.js', 'br')).toBe('BR');
	expect((table.get('/a.js') as StaticFile).gzip).toBeUndefined();
	expect(text('/dump.gz')).toBe('archive');
});

it('maps pages to clean paths and redirects from the other trailing slash', async () => {
	const { table, paths, text } = await scanTree({
		'prerendered/index.html': 'root',
		'prerendered/file.html': 'file',
		'prerendered/dir/index.html': 'dir',
		'prerendered/dir/index.html.br': 'b',
		'prerendered/ä b.html': 'odd',
		'prerendered/feed.xml': 'feed',
		'prerendered/file/__data.json': '[]'
	});
	expect(paths).toEqual(['/', '/dir', '/dir/', '/feed.xml', '/file', '/file/', '/file/__data.json', '/ä b', '/ä b/'].sort());
	expect(text('/')).toBe('root');
	expect(text('/dir/', 'br')).toBe('b');
	expect(table.get('/dir')).toEqual({ location: '/dir/' });
	expect(table.get('/file/')).toEqual({ location: '/file' });
	expect(table.get('/ä b/')).toEqual({ location: '/%C3%A4%20b' });
});

it('never puts a redirect or a page in the place of a file', async () => {
	const { text, table } = await scanTree({
		'client/a': 'client',
		'prerendered/a/index.html': 'page',
		'prerendered/b.html': 'b',
		'prerendered/b/index.html': 'b/'
	});
	expect(text('/a')).toBe('client');
	expect(text('/a/')).toBe('page');
	expect([text('/b'), text('/b/')]).toEqual(['b', 'b/']);
	expect(table.size).toBe(4);
});

it('serves everything below the base, whose root is a directory', async () => {
	const { paths, table } = await scanTree(
		{
			'client/base/a.txt': 'A',
			'client/base/_app/immutable/x.js': 'X',
			'prerendered/base/index.html': 'root',
			'client/outside.txt': 'O'
		},
		{ base: '/base' }
	);
	expect(paths).toEqual(['/base', '/base/', '/base/_app/immutable/x.js', '/base/a.txt']);
	expect(table.get('/base')).toEqual({ location: '/base/' });
});

it('leaves dotfiles out, and .well-known in', async () => {
	const { paths } = await scanTree({
		'client/.env': 'secret',
		'client/.git/config': 'x',
		'client/.well-known/security.txt': 'y'
	});
	expect(paths).toEqual(['/.well-known/security.txt']);
});

it('follows links, and ends where they go in a circle', async () => {
	const root = await tree({ 'client/real/a.txt': 'A', 'client/keep.txt': 'K' });
	await symlink(join(root, 'client/real'), join(root, 'client/link'));
	await symlink(join(root, 'client'), join(root, 'client/real/loop'));
	await symlink(join(root, 'nowhere'), join(root, 'client/dangling'));
	const table = scan({ client: join(root, 'client'), prerendered: join(root, 'prerendered'), base: '', appDir: '_app' });
	expect([...table.keys()].sort()).toEqual(['/keep.txt', '/link/a.txt', '/real/a.txt']);
});

it('leaves files above the cap on disk, and tags them without reading them', async () => {
	const { table, header, root } = await scanTree({ 'client/a.txt': '0123456789', 'client/b.txt': 'b' }, { memoryCap: 5 });
	const path = join(root, 'client/a.txt');
	const { whole } = (table.get('/a.txt') as StaticFile).identity;
	expect(whole).toMatchObject({ length: 10, file: { content: { path, size: 10 }, start: 0 } });
	expect(whole.body).toBeUndefined();
	expect(header('/a.txt', 'etag')).toBe(`"${Math.floor((await stat(path)).mtimeMs).toString(36)}-a"`);
	expect((table.get('/b.txt') as StaticFile).identity.whole.file).toBeUndefined();
});

it('reads a build without prerendered pages', async () => {
	expect((await scanTree({ 'client/a.txt': 'A' })).paths).toEqual(['/a.txt']);
});
