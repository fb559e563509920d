import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readEnvironment } from './env.ts';

const file = fileURLToPath(import.meta.url);
const read = (env: Record<string, string>, prefix = '') => readEnvironment(env, prefix);

it('has a default for everything', () => {
	expect(read({})).toEqual({
		host: '0.0.0.0',
		port: 3000,
		origin: undefined,
		tls: undefined,
		protocolHeader: undefined,
		hostHeader: undefined,
		portHeader: undefined,
		addressHeader: undefined,
		forwardedDepth: 1,
		bodyLimit: 524_288,
		shutdownTimeoutMs: 30_000,
		shutdownDelayMs: 0,
		transport: undefined
	});
});

it('reads and normalises what is set', () => {
	expect(
		read({
			HOST: '127.0.0.1',
			PORT: ' 8080 ',
			ORIGIN: 'https://Example.com:443/some/path',
			SSL_CERT: file,
			SSL_KEY: file,
			PROTOCOL_HEADER: 'X-Forwarded-Proto',
			HOST_HEADER: 'X-Forwarded-Host',
			PORT_HEADER: 'X-Port',
			ADDRESS_HEADER: 'X-Forwarded-For',
			XFF_DEPTH: '2',
			BODY_SIZE_LIMIT: '2M',
			SHUTDOWN_TIMEOUT: '5.0',
			SHUTDOWN_DELAY_MS: '100',
			TRANSPORT: 'node'
		})
	).toEqual({
		host: '127.0.0.1',
		port: 8080,
		origin: 'https://example.com',
		tls: { cert: file, key: file },
		protocolHeader: 'x-forwarded-proto',
		hostHeader: 'x-forwarded-host',
		portHeader: 'x-port',
		addressHeader: 'x-forwarded-for',
		forwardedDepth: 2,
		bodyLimit: 2 * 1024 ** 2,
		shutdownTimeoutMs: 5000,
		shutdownDelayMs: 100,
		transport: 'node'
	});
});

it.each([
	['512K', 524_288],
	['1.5m', 1_572_864],
	['2GB', 2 * 1024 ** 3],
	['100', 100],
	['100B', 100],
	['0', Infinity],
	['0K', Infinity]
])('reads the size %s', (text, bytes) => {
	expect(read({ BODY_SIZE_LIMIT: text }).bodyLimit).toBe(bytes);
});

it.each([
	['PORT', 'abc', 'a whole number, 0 to 65535'],
	['PORT', '65536', 'a whole number, 0 to 65535'],
	['PORT', '-1', 'a whole number, 0 to 65535'],
	['PORT', '', 'a whole number, 0 to 65535'],
	['PORT', '3000.5', 'a whole number, 0 to 65535'],
	['PORT', '0x10', 'a whole number, 0 to 65535'],
	['XFF_DEPTH', '0', 'a whole number, 1 or more'],
	['SHUTDOWN_TIMEOUT', 'soon', 'a whole number, 0 or more'],
	['SHUTDOWN_DELAY_MS', '1e3', 'a whole number, 0 or more'],
	['BODY_SIZE_LIMIT', '-1', 'a size such as 512K, 2M or 1G, or 0 for no limit'],
	['BODY_SIZE_LIMIT', 'Infinity', 'a size such as'],
	['BODY_SIZE_LIMIT', '', 'a size such as'],
	['BODY_SIZE_LIMIT', '12Q', 'a size such as'],
	['BODY_SIZE_LIMIT', '999999999999999999G', 'a size such as'],
	['ORIGIN', 'example.com', 'an http or https URL such as https://example.com'],
	['ORIGIN', 'ftp://example.com', 'an http or https URL'],
	['HOST', '', 'an address or a host name'],
	['PROTOCOL_HEADER', 'x forwarded', 'the name of a request header'],
	['TRANSPORT', 'bun', 'uws or node']
])('refuses %s=%s', (name, value, expected) => {
	expect(() => read({ [name]: value })).toThrow(`${name}: got ${JSON.stringify(value)}, expected ${expected}`);
});

it('needs both halves of TLS, in files that can be read', () => {
	expect(() => read({ SSL_CERT: file })).toThrow('SSL_KEY: got nothing, expected a path, because SSL_CERT is set.');
	expect(() => read({ SSL_KEY: file })).toThrow('SSL_CERT: got nothing, expected a path, because SSL_KEY is set.');
	expect(() => read({ SSL_CERT: '/nowhere.pem', SSL_KEY: file })).toThrow(
		'SSL_CERT: got "/nowhere.pem", expected the path of a PEM file that this process can read.'
	);
});

it('refuses what this version cannot do, instead of ignoring it', () => {
	expect(() => read({ CLUSTER_WORKERS: 'auto' })).toThrow('CLUSTER_WORKERS is not available in this version');
	expect(() => read({ CLUSTER_MODE: 'reuseport' })).toThrow('CLUSTER_MODE is not available in this version');
});

it('reads only prefixed names when there is a prefix', () => {
	expect(read({ PORT: 'nonsense', APP_PORT: '4000' }, 'APP_').port).toBe(4000);
	expect(() => read({ APP_PORT: 'x' }, 'APP_')).toThrow('APP_PORT: got "x"');
	expect(() => read({ APP_PROT: '4000' }, 'APP_')).toThrow(
		'APP_PROT: got a variable that the server does not know, expected one of APP_HOST, APP_PORT'
	);
});
