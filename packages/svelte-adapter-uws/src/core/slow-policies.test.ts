import { expect, it } from 'vitest';
import { SlowPolicies } from './slow-policies.ts';

it('drops unless a rule says otherwise', () => {
	expect(new SlowPolicies().of('t')).toBe('drop');
});

it('takes the rule that fits best, and of equal ones the last', () => {
	const slow = new SlowPolicies();
	slow.add('a', 'drop');
	slow.add('a*', 'coalesce');
	slow.add('ab*', 'close');
	slow.add('*', 'close');
	expect(['a', 'ax', 'ab', 'abc', 'z'].map((topic) => slow.of(topic))).toEqual(['drop', 'coalesce', 'close', 'close', 'close']);
	const last = slow.add('*', 'coalesce');
	expect(slow.of('z')).toBe('coalesce');
	last[Symbol.dispose]();
	expect(slow.of('z')).toBe('close');
});

it('refuses what is no rule', () => {
	const slow = new SlowPolicies();
	expect(() => slow.add('a', 'keep' as 'drop')).toThrow('expected drop, coalesce or close');
	expect(() => slow.add('a*b', 'close')).toThrow('expected * at the end alone');
});
