import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { format } from './log.ts';

it('keeps a message on one line and escapes control characters', () => {
	expect(format('a\nListening on http://evil\r\u001b[31m\u2028')).toBe('a\\nListening on http://evil\\u000d\\u001b[31m\\u2028');
});

it('indents every line of the details', () => {
	expect(format('failed', 'one\ntwo\u0007')).toBe('failed\n    one\n    two\\u0007');
	const lines = format('failed', new Error('first\nsecond')).split('\n');
	expect(lines[0]).toBe('failed');
	expect(lines.slice(1).every((line) => line.startsWith('    '))).toBe(true);
	expect(lines.join('\n')).toContain('second');
});

it('survives what throws when it is looked at', () => {
	const hostile = {
		[inspect.custom]() {
			throw new Error('no');
		}
	};
	expect(format('failed', hostile)).toBe('failed\n    It cannot be shown: its own inspection throws.');
});
