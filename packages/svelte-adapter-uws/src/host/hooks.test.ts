import { beforeEach, expect, it } from 'vitest';
import { readHooks } from './hooks.ts';

const warnings: string[] = [];
const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
const read = (module: Readonly<Record<string, unknown>>) => readHooks(module, log);
beforeEach(() => void (warnings.length = 0));

it('takes the hooks and leaves other exports alone', () => {
	const open = (): void => {};
	expect(read({ open, limit: 1, default: {} })).toEqual({ open });
	expect(warnings).toEqual([]);
});

it('warns about functions that nobody calls, which may be misspelt hooks', () => {
	expect(read({ opne: () => {} })).toEqual({});
	expect(warnings).toEqual([
		expect.stringMatching(/^hooks\.ws exports opne, which nobody calls\. The hooks are: init, .*close\.$/)
	]);
});

it('refuses a hook that is not a function', () => {
	expect(() => read({ message: {} })).toThrow(new TypeError('hooks.ws exports message as object, expected a function.'));
});
