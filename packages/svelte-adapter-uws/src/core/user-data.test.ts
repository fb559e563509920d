import { expect, it } from 'vitest';
import { memoryLog } from '../../test/support/log.ts';
import { LIMITS } from './limits.ts';
import { UserData } from './user-data.ts';

const from = (value: unknown, log = memoryLog()) => new UserData(log).from(value, () => '10.0.0.1');

it.each([undefined, null, '', 0])('makes user data out of %j', (value) => {
	const log = memoryLog();
	expect(from(value, log)).toEqual({ remoteAddress: '10.0.0.1' });
	expect(log.lines).toEqual([]);
});

it('keeps the object of the hook and adds the address', () => {
	const value = { user: 1 };
	expect(from(value)).toBe(value);
	expect(value).toEqual({ user: 1, remoteAddress: '10.0.0.1' });
	expect(from({ remoteAddress: 'mine' })).toEqual({ remoteAddress: 'mine' });
});

it('copies an object that cannot take the address', () => {
	const frozen = Object.freeze({ user: 1 });
	expect(from(frozen)).toEqual({ user: 1, remoteAddress: '10.0.0.1' });
});

it('says once that a value is no object', () => {
	const log = memoryLog();
	const userData = new UserData(log);
	for (const value of [true, 'yes']) expect(userData.from(value, () => 'a')).toEqual({ remoteAddress: 'a' });
	expect(log.lines).toHaveLength(1);
	expect(log.lines[0]![1]).toMatch(/boolean.*false to refuse/);
});

it('names a field that looks like a secret, once', () => {
	const log = memoryLog();
	const userData = new UserData(log);
	for (let i = 0; i < 2; i++) userData.from({ id: 1, sessionToken: 'x', 'pass\nPassword': 1 }, () => 'a');
	expect(log.lines.map(([level, message]) => [level, message.slice(0, 40)])).toEqual([
		['warn', 'User data has a field "sessionToken", wh'],
		['warn', 'User data has a field "pass\\nPassword", ']
	]);
});

it('looks at a bounded number of names', () => {
	const log = memoryLog();
	const userData = new UserData(log);
	for (let i = 0; i < 3_000; i++) userData.from({ [`token${i}`]: 1 }, () => 'a');
	expect(log.lines).toHaveLength(1_000);
});

it('looks at a bounded number of names', () => {
	const log = memoryLog();
	const userData = new UserData(log);
	for (let n = 0; n < LIMITS.userDataNames; n++) userData.from({ [`field${n}`]: 1 }, () => 'a');
	userData.from({ password: 1 }, () => 'a');
	expect(log.lines).toEqual([]);
});
