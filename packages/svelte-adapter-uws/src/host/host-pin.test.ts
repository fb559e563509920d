import { expect, it } from 'vitest';
import { missingHostPin, type PinParts } from './host-pin.ts';
import { resolveWebSocketOptions } from './options.ts';

const parts = (change: Partial<PinParts> = {}): PinParts => ({
	websocket: resolveWebSocketOptions({}, () => {}),
	environment: { hostHeader: undefined, tls: undefined },
	origin: undefined,
	hooks: {},
	envPrefix: '',
	...change
});

it('names every way out when nothing pins the host', () => {
	const message = missingHostPin(parts({ envPrefix: 'APP_' }))!;
	for (const way of [
		'APP_ORIGIN',
		'APP_HOST_HEADER',
		'APP_SSL_CERT',
		'APP_SSL_KEY',
		'upgrade hook',
		'allowedOrigins: [',
		'unsafeSameOriginWithoutHostPin: true'
	]) {
		expect(message).toContain(way);
	}
});

it.each<[string, Partial<PinParts>]>([
	['ORIGIN', { origin: 'https://example.com' }],
	['HOST_HEADER', { environment: { hostHeader: 'x-forwarded-host', tls: undefined } }],
	['native TLS', { environment: { hostHeader: undefined, tls: { cert: 'a', key: 'b' } } }],
	['an upgrade hook', { hooks: { upgrade: () => ({}) } }],
	['a list of origins', { websocket: resolveWebSocketOptions({ allowedOrigins: ['https://example.com'] }, () => {}) }],
	['every origin', { websocket: resolveWebSocketOptions({ allowedOrigins: '*' }, () => {}) }]
])('is satisfied by %s', (_name, change) => {
	expect(missingHostPin(parts(change))).toBeUndefined();
});

it('is not satisfied by other hooks', () => {
	expect(missingHostPin(parts({ hooks: { open: () => {}, subscribe: () => true } }))).toBeDefined();
});
