import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findHooksFile } from './hooks-file.ts';

let root: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'hooks file '));
	mkdirSync(join(root, 'src'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('finds nothing in a project without hooks', () => {
	expect(findHooksFile(root)).toBeUndefined();
});

it('prefers TypeScript over JavaScript', () => {
	for (const name of ['hooks.ws.mjs', 'hooks.ws.js', 'hooks.ws.ts']) {
		writeFileSync(join(root, 'src', name), '');
		expect(findHooksFile(root)).toBe(join(root, 'src', name));
	}
});

it('takes a given handler, and refuses one that is not there', () => {
	writeFileSync(join(root, 'other.js'), '');
	expect(findHooksFile(root, 'other.js')).toBe(join(root, 'other.js'));
	expect(() => findHooksFile(root, 'missing.js')).toThrow(
		/websocket\.handler: .*missing\.js does not exist\. Give a file relative to/
	);
});
