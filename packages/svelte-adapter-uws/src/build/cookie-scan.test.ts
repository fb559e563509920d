import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { setsCookieOnUpgrade } from './cookie-scan.ts';

const folder = mkdtempSync(join(tmpdir(), 'hooks '));
afterAll(() => rmSync(folder, { recursive: true }));

function scan(source: string, others: Readonly<Record<string, string>> = {}): boolean {
	for (const [name, text] of Object.entries(others)) writeFileSync(join(folder, name), text);
	writeFileSync(join(folder, 'hooks.ws.js'), source);
	return setsCookieOnUpgrade(join(folder, 'hooks.ws.js'));
}

it.each([
	`upgradeResponse({}, { 'set-cookie': 'a=1' })`,
	`upgradeResponse({}, { "Set-Cookie": 'a=1' })`,
	'upgradeResponse({}, { [`SET-COOKIE`]: "a=1" })',
	`upgradeResponse$1(find(f(")"), {}), Object.assign({}, { 'set-cookie': ['a', 'b'] }))`,
	`adapter.upgradeResponse({}, headers(['set-cookie', 'a=1']))`
])('finds a cookie in %s', (call) => {
	expect(scan(`export const upgrade = async () => ${call};`)).toBe(true);
});

it.each([
	`upgradeResponse({}, { 'x-room': 'set-cookie=1' })`,
	`upgradeResponse({ cookies }, {})`,
	`other({}, { 'set-cookie': 'a=1' })`,
	`"upgradeResponse({}, { 'set-cookie': 'a=1' })"`
])('finds none in %s', (call) => {
	expect(scan(`export const upgrade = async () => ${call}; // upgradeResponse({ 'set-cookie': 1 })`)).toBe(false);
});

it('looks into the chunks that the hooks import, in circles too', () => {
	const others = {
		'a.js': `export * from './b.js';`,
		'b.js': `import './a.js'; import 'elsewhere'; export const upgrade = () => upgradeResponse({}, { 'set-cookie': 'a' });`
	};
	expect(scan(`export { upgrade } from './a.js';`, others)).toBe(true);
});
