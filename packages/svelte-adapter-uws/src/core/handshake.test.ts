import { expect, it } from 'vitest';
import { counterId, OPTIONS, upgradeRequest } from '../../test/support/core.ts';
import { Handshake, readCookies, readRequestId } from './handshake.ts';

it('reads cookies without a prototype: the last duplicate wins, quotes go, what does not decode stays', () => {
	const cookies = readCookies('a=1; b="two"; a=3; c=%C3%A9; d=%E0%A4%A; novalue; e=x=y; __proto__=p');
	expect({ ...cookies }).toMatchObject({ a: '3', b: 'two', c: 'é', d: '%E0%A4%A', e: 'x=y' });
	expect(Object.getPrototypeOf(cookies)).toBeNull();
	expect('novalue' in cookies).toBe(false);
	expect(cookies['__proto__']).toBe('p');
	expect(cookies['toString']).toBeUndefined();
});

it('has no cookies without a header', () => {
	expect(Object.keys(readCookies(''))).toEqual([]);
});

it.each([
	['abc-1', 'abc-1'],
	[' abc ', 'abc'],
	['', undefined],
	['a b', undefined],
	['é', undefined],
	['a\nb', undefined],
	['x'.repeat(128), 'x'.repeat(128)],
	['x'.repeat(129), undefined]
])('reads the request id %j as %j', (header, id) => {
	expect(readRequestId(header)).toBe(id);
});

it('makes a request id when somebody asks, and keeps it', () => {
	const handshake = new Handshake(upgradeRequest(), OPTIONS, counterId());
	expect(handshake.knownRequestId).toBeUndefined();
	expect([handshake.requestId, handshake.requestId, handshake.knownRequestId]).toEqual(['id1', 'id1', 'id1']);
	expect(new Handshake(upgradeRequest({ 'x-request-id': 'r' }), OPTIONS, counterId()).requestId).toBe('r');
});

it('gives the address by the rules of the configuration', () => {
	const handshake = new Handshake(
		upgradeRequest({ 'x-forwarded-for': '10.1.1.1' }),
		{ clientAddress: (request) => request.header('x-forwarded-for') },
		counterId()
	);
	expect(handshake.remoteAddress).toBe('10.1.1.1');
	expect(handshake.url).toBe('/ws?x=1');
	expect(handshake.headers).toEqual({ 'x-forwarded-for': '10.1.1.1' });
});
