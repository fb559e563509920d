import { beforeEach, expect, it } from 'vitest';
import { readHooks } from './hooks.ts';

const warnings: string[] = [];
const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
const read = (module: Readonly<Record<string, unknown>>) => readHooks(module, log);
beforeEach(() => void (warnings.length = 0));

it('takes the hooks and leaves other exports alone', () => {
	const open = (): void => {};
	expect(read({ open, limit: 1, default: {} })).toEqual({ open, message: expect.any(Function) });
	expect(warnings).toEqual([]);
});

it('warns about functions that nobody calls, which may be misspelt hooks', () => {
	read({ opne: () => {} });
	expect(warnings).toEqual([
		expect.stringMatching(/^hooks\.ws exports opne, which nobody calls\. The hooks are: init, .*close\.$/)
	]);
});

it('refuses a hook that is not a function', () => {
	expect(() => read({ message: {} })).toThrow(new TypeError('hooks.ws exports message as object, expected a function.'));
});

it('warns about hooks that stand in the default export, where nobody reads them', () => {
	read({ default: { open: () => {}, message: () => {} } });
	expect(warnings).toEqual([expect.stringMatching(/^hooks\.ws exports its hooks as default.*Export each by its name/)]);
});

it('says once that what clients send is heard by nobody, and nothing where it is', () => {
	const { message } = read({});
	for (const _ of [1, 2]) message!({} as never, {} as never);
	expect(warnings).toEqual([expect.stringMatching(/^A client sent a message that nobody hears: .* exports no message hook/)]);
	const own = (): void => {};
	expect(read({ message: own }).message).toBe(own);
});
