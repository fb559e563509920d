import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { liveFile, livePath, livePaths, scanLiveDirectory } from './manifest.ts';

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'live dir-'))));
afterEach(() => rmSync(dir, { recursive: true }));

const put = (name: string, code = `import { live } from 'svelte-realtime'; export const x = live(() => 1);`): void => {
	mkdirSync(dirname(join(dir, name)), { recursive: true });
	writeFileSync(join(dir, name), code);
};

it('lists modules by path and leaves declarations, tests and other files out', () => {
	for (const name of ['b.ts', 'a/c.js', 'a/c.test.ts', 'types.d.ts', 'notes.md', 'bad name.ts']) put(name);
	expect(scanLiveDirectory(dir).map(({ path }) => path)).toEqual(['a/c', 'b']);
});

it('lists paths without reading what does not parse', () => {
	for (const name of ['b.ts', 'a/c.js']) put(name, 'export const (');
	expect(livePaths(dir)).toEqual(['a/c', 'b']);
});

it('is empty for a directory that does not exist', () => {
	expect(scanLiveDirectory(join(dir, 'none'))).toEqual([]);
});

it('reads re-exports that TypeScript spells with .js', () => {
	put('shared.ts');
	put('a.ts', `export { x as y } from './shared.js';`);
	expect(scanLiveDirectory(dir)[0]?.exports).toEqual([{ kind: 'call', name: 'y' }]);
});

it('never resolves a path out of the live directory', () => {
	put('a.ts');
	expect(liveFile(join(dir, 'sub'), '../a')).toBeUndefined();
	expect(liveFile(dir, 'a')).toBe(join(dir, 'a.ts'));
	expect(livePath(join(dir, 'sub'), join(dir, 'a.ts'))).toBeUndefined();
});
