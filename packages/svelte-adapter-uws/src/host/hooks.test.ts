import { expect, it } from 'vitest';
import { readHooks } from './hooks.ts';

it('takes the hooks and leaves other exports alone', () => {
	const open = (): void => {};
	expect(readHooks({ open, helper: 1, default: {} })).toEqual({ open });
});

it('refuses a hook that is not a function', () => {
	expect(() => readHooks({ message: {} })).toThrow(new TypeError('hooks.ws exports message as object, expected a function.'));
});

it('refuses a hook that would never be called', () => {
	expect(() => readHooks({ authenticate: () => {} })).toThrow('hooks.ws exports authenticate, which is not available in this version');
});
