import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalizeAddress } from './address.ts';

it.each([
	['0000:0000:0000:0000:0000:ffff:7f00:0001', '127.0.0.1'],
	['::ffff:10.1.2.3', '10.1.2.3'],
	['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
	['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
	['fe80:0000:0000:0000:0000:0000:0000:0000', 'fe80::'],
	['192.168.0.1', '192.168.0.1'],
	['::1', '::1']
])('writes %s as %s', (text, short) => expect(normalizeAddress(text)).toBe(short));

it('keeps every full IPv6 address the same address', () => {
	const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
	fc.assert(
		fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
			fc.pre(!(groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff));
			const full = groups.map((value) => value.toString(16).padStart(4, '0')).join(':');
			const short = normalizeAddress(full);
			expect(isIPv6(short)).toBe(true);
			expect(new URL(`http://[${short}]`).hostname).toBe(new URL(`http://[${full}]`).hostname);
		})
	);
});
