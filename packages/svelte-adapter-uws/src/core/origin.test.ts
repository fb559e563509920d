import { expect, it } from 'vitest';
import { isOriginAllowed } from './origin.ts';
import type { OriginPolicy } from './parts.ts';

const ask = (
	origin: string,
	allowed: OriginPolicy['allowed'] = 'same-origin',
	expected: string | undefined = 'https://example.com',
	hook = false
) =>
	isOriginAllowed(
		{ allowed, expectedOrigin: () => expected },
		{
			url: '/ws',
			headers: {},
			header: (name) => (name === 'origin' ? origin : ''),
			remoteAddress: '',
			signal: new AbortController().signal
		},
		hook
	);

it.each(['https://example.com', 'https://example.com:443', 'HTTPS://EXAMPLE.com'])('takes %s for the same origin', (origin) =>
	expect(ask(origin)).toBe(true)
);

it.each([
	'null',
	'http://example.com',
	'https://example.com:8443',
	'https://sub.example.com',
	'https://example.com.evil.test',
	'https://evil-example.com',
	'https://user@example.com',
	'https://example.com/path',
	'https://example.com.',
	'https://example.com, https://evil.test',
	'file:///x',
	'example.com'
])('refuses %s', (origin) => expect(ask(origin)).toBe(false));

it('compares ports as numbers', () => {
	expect(ask('http://host:8080', 'same-origin', 'http://host:8080')).toBe(true);
	expect(ask('http://host:80', 'same-origin', 'http://host')).toBe(true);
	expect(ask('http://host:8080', 'same-origin', 'http://host')).toBe(false);
});

it('lets a client without an origin in only where an upgrade hook decides', () => {
	expect(ask('', 'same-origin', 'https://example.com', false)).toBe(false);
	expect(ask('', ['https://a.test'], 'https://example.com', true)).toBe(true);
	expect(ask('', '*')).toBe(true);
});

it('matches a list exactly', () => {
	expect(ask('https://a.test', ['https://a.test'])).toBe(true);
	expect(ask('https://a.test:443', ['https://a.test'])).toBe(false);
});

it('refuses when it cannot tell its own origin', () =>
	expect(
		isOriginAllowed(
			{ allowed: 'same-origin', expectedOrigin: () => undefined },
			{ url: '', headers: {}, header: () => 'https://example.com', remoteAddress: '', signal: new AbortController().signal },
			false
		)
	).toBe(false));
