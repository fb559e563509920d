import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress, clientAddressOrPeer, OriginError, requestOrigin, type ProxyConfig } from './address.ts';

const reader = (headers: Record<string, string>) => (name: string) => headers[name] ?? '';
const origin = (config: Partial<ProxyConfig>, headers: Record<string, string>, secure = false): string =>
	requestOrigin({ forwardedDepth: 1, ...config }, reader(headers), secure);

describe('the origin', () => {
	it('is ORIGIN, whatever the request says', () => {
		expect(
			origin(
				{ origin: 'https://app.example', hostHeader: 'x-host', protocolHeader: 'x-proto' },
				{ host: 'evil', 'x-host': 'evil', 'x-proto': 'gopher' }
			)
		).toBe('https://app.example');
	});

	it('is the scheme of the listener and Host where nothing is configured', () => {
		const spoofed = { host: 'a.example:8080', 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'https' };
		expect(origin({}, spoofed)).toBe('http://a.example:8080');
		expect(origin({}, spoofed, true)).toBe('https://a.example:8080');
	});

	it('is what the configured headers say', () => {
		const config = { protocolHeader: 'x-proto', hostHeader: 'x-host', portHeader: 'x-port' };
		expect(origin(config, { host: 'inner', 'x-proto': 'https', 'x-host': 'a.example:80', 'x-port': '8443' })).toBe(
			'https://a.example:8443'
		);
		expect(origin(config, { host: 'inner', 'x-proto': 'htt%70s', 'x-host': '[::1]', 'x-port': '1' })).toBe('https://[::1]:1');
		expect(origin(config, { host: 'inner' })).toBe('http://inner');
	});

	it.each([
		[{ protocolHeader: 'p' }, { host: 'a', p: 'javascript' }, 500],
		[{ protocolHeader: 'p' }, { host: 'a', p: 'https://evil/' }, 500],
		[{ protocolHeader: 'p' }, { host: 'a', p: '%' }, 500],
		[{ portHeader: 'p' }, { host: 'a', p: '80@evil' }, 500],
		[{ hostHeader: 'h' }, { host: 'a', h: 'a/b' }, 500],
		[{}, { host: 'a@b' }, 400],
		[{}, {}, 400]
	])('fails for %j and %j with %i', (config, headers, status) => {
		expect(() => origin(config, headers)).toThrowError(expect.objectContaining({ status }));
		expect(() => origin(config, headers)).toThrow(OriginError);
	});
});

describe('the client address', () => {
	const xff = (depth: number): ProxyConfig => ({ addressHeader: 'x-forwarded-for', forwardedDepth: depth });

	it('is the socket without a header, however many are sent', () => {
		expect(clientAddress({ forwardedDepth: 1 }, reader({ 'x-forwarded-for': '6.6.6.6' }), '1.1.1.1')).toBe('1.1.1.1');
	});

	it('is the value of any other header', () => {
		expect(
			clientAddress({ addressHeader: 'true-client-ip', forwardedDepth: 1 }, reader({ 'true-client-ip': '2.2.2.2' }), '1.1.1.1')
		).toBe('2.2.2.2');
	});

	it('throws when the header is absent, too long or too short, and names what to change', () => {
		expect(() => clientAddress(xff(1), reader({}), '1.1.1.1')).toThrow(/ADDRESS_HEADER is x-forwarded-for/);
		expect(() => clientAddress(xff(3), reader({ 'x-forwarded-for': 'a, b' }), '1.1.1.1')).toThrow(
			/XFF_DEPTH is 3.*has 2 entries/
		);
		expect(() => clientAddress(xff(1), reader({ 'x-forwarded-for': 'a'.repeat(8193) }), '1.1.1.1')).toThrow(/8192/);
	});

	it('falls back to the socket where nobody can be told', () => {
		for (const value of ['', 'a', 'a'.repeat(9000)])
			expect(clientAddressOrPeer(xff(2), reader({ 'x-forwarded-for': value }), '1.1.1.1')).toBe('1.1.1.1');
		expect(clientAddressOrPeer(xff(2), reader({ 'x-forwarded-for': '2.2.2.2, 3.3.3.3' }), '1.1.1.1')).toBe('2.2.2.2');
	});

	it.each<[string, number, string]>([
		['2.2.2.2', 1, '2.2.2.2'],
		['6.6.6.6, 2.2.2.2', 1, '2.2.2.2'],
		['6.6.6.6,,2.2.2.2', 2, ''],
		[',2.2.2.2', 2, ''],
		['2001:db8::1', 1, '2001:db8::1'],
		['[2001:db8::1]:443, 2.2.2.2', 2, '[2001:db8::1]:443'],
		['unknown, 2.2.2.2', 2, 'unknown'],
		['\t2.2.2.2\t,  3.3.3.3 ', 2, '2.2.2.2'],
		['"6.6.6.6, 2.2.2.2"', 1, '2.2.2.2"']
	])('counts in %j as many entries from the right as XFF_DEPTH says: %i gives %j', (value, depth, address) => {
		expect(clientAddress(xff(depth), reader({ 'x-forwarded-for': value }), '1.1.1.1')).toBe(address);
	});

	it('is not taken from a name that only looks like the configured one', () => {
		const spoofed = reader({ x_forwarded_for: '6.6.6.6', forwarded: 'for=6.6.6.6', connection: 'x-forwarded-for' });
		expect(() => clientAddress(xff(1), spoofed, '1.1.1.1')).toThrow(/no such header/);
		expect(clientAddressOrPeer(xff(1), spoofed, '1.1.1.1')).toBe('1.1.1.1');
	});

	it('is the entry that the outermost trusted proxy wrote, whatever the client put in front', () => {
		const address = fc.ipV4();
		fc.assert(
			fc.property(
				fc.array(fc.oneof(address, fc.constant(''), fc.constant('unknown'))),
				fc.array(address, { minLength: 1, maxLength: 4 }),
				(forged, trusted) => {
					const value = [...forged, ...trusted].join(', ');
					expect(clientAddress(xff(trusted.length), reader({ 'x-forwarded-for': value }), '1.1.1.1')).toBe(trusted[0]);
				}
			)
		);
	});
});
