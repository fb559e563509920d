import { STATUS_CODES } from 'node:http';
import { expect, it } from 'vitest';
import { statusLine } from './status.ts';

it('has the phrases that node has', () => {
	for (let status = 200; status < 600; status++) expect(statusLine(status)).toBe(`${status} ${STATUS_CODES[status] ?? ''}`);
});
