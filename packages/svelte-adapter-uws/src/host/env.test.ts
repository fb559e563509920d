import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { INHERITED, readEnvironment, unknownVariables, VARIABLES, type Environment } from './env.ts';

const file = fileURLToPath(import.meta.url);
const read = (env: Record<string, string>, prefix = '') => readEnvironment(env, { prefix, pid: 7, platform: 'linux' });

it('has a default for everything', () => {
	expect(read({})).toEqual({
		host: '0.0.0.0',
		port: 3000,
		socketPath: undefined,
		listenFd: undefined,
		reusePort: true,
		origin: undefined,
		tls: undefined,
		protocolHeader: undefined,
		hostHeader: undefined,
		portHeader: undefined,
		addressHeader: undefined,
		forwardedDepth: 1,
		bodyLimit: 524_288,
		keepAliveTimeoutMs: undefined,
		headersTimeoutMs: undefined,
		idleTimeoutMs: undefined,
		shutdownTimeoutMs: 30_000,
		shutdownDelayMs: 0,
		transport: undefined,
		cluster: undefined,
		relaySecret: undefined,
		debug: false
	});
});

/** For every variable: what it may be and becomes, and what it must not be and is called. */
const TABLE: Readonly<
	Record<
		string,
		{ readonly good: readonly [string, Partial<Environment>][]; readonly bad: readonly string[]; readonly expected: string }
	>
> = {
	HOST: { good: [['127.0.0.1', { host: '127.0.0.1' }]], bad: ['', '  '], expected: 'an address or a host name' },
	PORT: {
		good: [
			[' 8080 ', { port: 8080 }],
			['3000.0', { port: 3000 }],
			['3000\n', { port: 3000 }],
			['0', { port: 0 }]
		],
		bad: ['abc', '65536', '-1', '', '3000.5', '0x10', '12abc', '1e3', '1_000', '３０００', 'NaN', '9007199254740993', '80 81'],
		expected: 'a whole number, 0 to 65535'
	},
	SOCKET_PATH: {
		good: [['/run/app.sock', { socketPath: '/run/app.sock' }]],
		bad: [''],
		expected: 'the path of a Unix domain socket'
	},
	REUSE_PORT: {
		good: [
			['0', { reusePort: false }],
			['true', { reusePort: true }]
		],
		bad: ['yes', ''],
		expected: 'true, false, 1 or 0'
	},
	ORIGIN: {
		good: [
			['https://Example.com:443/some/path', { origin: 'https://example.com' }],
			[' http://localhost:3000 ', { origin: 'http://localhost:3000' }]
		],
		bad: ['example.com', 'ftp://example.com', ''],
		expected: 'an http or https URL such as https://example.com'
	},
	SSL_CERT: { good: [[file, {}]], bad: ['/nowhere.pem', ''], expected: 'the path of a PEM file that this process can read' },
	SSL_KEY: { good: [[file, {}]], bad: ['/nowhere.pem', ''], expected: 'the path of a PEM file that this process can read' },
	PROTOCOL_HEADER: {
		good: [['X-Forwarded-Proto', { protocolHeader: 'x-forwarded-proto' }]],
		bad: ['x forwarded', ''],
		expected: 'the name of a request header'
	},
	HOST_HEADER: {
		good: [['X-Forwarded-Host', { hostHeader: 'x-forwarded-host' }]],
		bad: ['a:b', ''],
		expected: 'the name of a request header'
	},
	PORT_HEADER: { good: [['X-Port', { portHeader: 'x-port' }]], bad: ['a:b', ''], expected: 'the name of a request header' },
	ADDRESS_HEADER: {
		good: [['X-Forwarded-For', { addressHeader: 'x-forwarded-for' }]],
		bad: ['a:b', ''],
		expected: 'the name of a request header'
	},
	XFF_DEPTH: {
		good: [['2', { forwardedDepth: 2 }]],
		bad: ['0', '1.5', '1 2', '1st', '-1', ''],
		expected: 'a whole number, 1 or more'
	},
	BODY_SIZE_LIMIT: {
		good: [
			['2M', { bodyLimit: 2 * 1024 ** 2 }],
			['0', { bodyLimit: Infinity }]
		],
		bad: ['-1', 'Infinity', 'NaN', '', 'K', '1 M', '12Q', '0x10', '1e3', '999999999999999999G'],
		expected: 'a size such as 512K, 2M or 1G, or 0 for no limit'
	},
	KEEP_ALIVE_TIMEOUT: {
		good: [
			['70', { keepAliveTimeoutMs: 70_000 }],
			['0', { keepAliveTimeoutMs: 0 }]
		],
		bad: ['-1', 'long', ''],
		expected: 'a whole number, 0 to 2147483'
	},
	HEADERS_TIMEOUT: { good: [['5', { headersTimeoutMs: 5000 }]], bad: ['-1', '5s', ''], expected: 'a whole number, 0 to 2147483' },
	IDLE_TIMEOUT: {
		good: [
			['60', { idleTimeoutMs: 60_000 }],
			['0', { idleTimeoutMs: undefined }]
		],
		bad: ['-1', '1.5', ''],
		expected: 'a whole number, 0 to 2147483'
	},
	SHUTDOWN_TIMEOUT: {
		good: [['5.0', { shutdownTimeoutMs: 5000 }]],
		bad: ['soon', '-1', '2147484', ''],
		expected: 'a whole number, 0 to 2147483'
	},
	SHUTDOWN_DELAY_MS: {
		good: [['100', { shutdownDelayMs: 100 }]],
		bad: ['1e3', '-1', ''],
		expected: 'a whole number, 0 to 2147483647'
	},
	TRANSPORT: { good: [['node', { transport: 'node' }]], bad: ['bun', ''], expected: 'uws or node' },
	CLUSTER_WORKERS: {
		good: [
			['3', { cluster: { workers: 3, mode: undefined } }],
			['auto', { cluster: { workers: availableParallelism(), mode: undefined } }]
		],
		bad: ['0', '2.5', '-1', '2x', 'AUTO', 'all', ''],
		expected: 'auto or a whole number, 1 or more'
	},
	CLUSTER_MODE: {
		good: [['reuseport', { cluster: undefined }]],
		bad: ['fork', 'Acceptor', ''],
		expected: 'reuseport or acceptor'
	},
	WORKER_RELAY_HMAC_SECRET: {
		good: [['sixteen letters!', { relaySecret: 'sixteen letters!' }]],
		bad: ['too short', ''],
		expected: '16 or more. A random one: openssl rand -hex 32'
	},
	WS_DEBUG: { good: [['1', { debug: true }]], bad: ['verbose', ''], expected: 'true, false, 1 or 0' },
	LISTEN_PID: { good: [['7', {}]], bad: ['me', ''], expected: 'a whole number, 0 or more' },
	LISTEN_FDS: { good: [['1', {}]], bad: ['all', ''], expected: 'a whole number, 0 or more' }
};

it('has every variable in the table of this test', () => {
	expect(Object.keys(TABLE)).toEqual([...Object.keys(VARIABLES), ...INHERITED]);
});

describe.each(Object.entries(TABLE))('%s', (name, { good, bad, expected }) => {
	const others = name === 'SSL_CERT' ? { SSL_KEY: file } : name === 'SSL_KEY' ? { SSL_CERT: file } : {};

	const got = (given: string): string =>
		name === 'WORKER_RELAY_HMAC_SECRET' ? `${given.length} characters` : JSON.stringify(given);

	it.each(good)('takes %j', (given, values) => {
		expect(read({ ...others, [name]: given })).toMatchObject(values);
	});

	it.each(bad)('refuses %j', (given) => {
		expect(() => read({ ...others, [name]: given })).toThrow(`${name}: got ${got(given)}, expected ${expected}.`);
	});

	if (INHERITED.includes(name)) {
		it('never carries the prefix', () => {
			expect(() => read({ [name]: bad[0]! }, 'APP_')).toThrow(`${name}: got ${got(bad[0]!)}`);
		});
	} else {
		it('is read with the prefix alone when there is one', () => {
			expect(() => read({ [name]: bad[0]! }, 'APP_')).not.toThrow();
			expect(() => read({ [`APP_${name}`]: bad[0]! }, 'APP_')).toThrow(`APP_${name}: got ${got(bad[0]!)}`);
		});
	}
});

it('takes a socket from the service manager that started this very process', () => {
	expect(read({ LISTEN_PID: '7', LISTEN_FDS: '1' }).listenFd).toBe(3);
	expect(read({ LISTEN_PID: '8', LISTEN_FDS: '1' }).listenFd).toBeUndefined();
	expect(read({ LISTEN_PID: '7', LISTEN_FDS: '0' }).listenFd).toBeUndefined();
	expect(() => read({ LISTEN_PID: '7', LISTEN_FDS: '2' })).toThrow('LISTEN_FDS: got "2", expected 1.');
	expect(() => read({ LISTEN_PID: '7', LISTEN_FDS: '1', SOCKET_PATH: '/run/app.sock' })).toThrow(
		'SOCKET_PATH: got "/run/app.sock", expected nothing, because LISTEN_FDS hands over a socket.'
	);
});

it('shares the port on Linux alone, where the kernel spreads the connections', () => {
	expect(readEnvironment({}, { prefix: '', platform: 'darwin' }).reusePort).toBe(false);
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

it('needs both halves of TLS, in files that can be read', () => {
	expect(() => read({ SSL_CERT: file })).toThrow('SSL_KEY: got nothing, expected a path, because SSL_CERT is set.');
	expect(() => read({ SSL_KEY: file })).toThrow('SSL_CERT: got nothing, expected a path, because SSL_KEY is set.');
	expect(() => read({ SSL_CERT: '/nowhere.pem', SSL_KEY: file })).toThrow(
		'SSL_CERT: got "/nowhere.pem", expected the path of a PEM file that this process can read.'
	);
});

it('takes the mode of a cluster along with its size', () => {
	expect(read({ CLUSTER_WORKERS: '2', CLUSTER_MODE: 'acceptor' }).cluster).toEqual({ workers: 2, mode: 'acceptor' });
});

it('tells of variables with the prefix that nobody reads, and names the nearest', () => {
	expect(unknownVariables({ APP_PROT: '4000', APP_PORT: '3000', PROT: '1' }, 'APP_')).toEqual([
		'APP_PROT: the server does not know this variable and ignores it. Did you mean APP_PORT? If it belongs to something else, choose another envPrefix.'
	]);
	expect(unknownVariables({ APP_SECRET_OF_THE_APP: '1' }, 'APP_')[0]).toContain('Known are APP_HOST, APP_PORT, APP_SOCKET_PATH');
	expect(unknownVariables({ PROT: '4000' }, '')).toEqual([]);
	expect(read({ APP_PROT: '4000' }, 'APP_').port).toBe(3000);
});
