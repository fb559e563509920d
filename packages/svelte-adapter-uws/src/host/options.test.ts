import { expect, it, vi } from 'vitest';
import { resolveAdapterOptions, resolveWebSocketOptions } from './options.ts';

const silent = (): void => {};

it('fills in the documented defaults', () => {
	expect(resolveAdapterOptions({ websocket: true }, silent)).toEqual({
		out: 'build',
		precompress: true,
		envPrefix: '',
		healthCheckPath: '/healthz',
		readinessCheckPath: '/readyz',
		streamFilesAbove: false,
		websocket: {
			path: '/ws',
			authPath: '/__ws/auth',
			authPathRequireOrigin: true,
			maxPayloadLength: 16_384,
			idleTimeout: 120,
			maxBackpressure: 1_048_576,
			compression: false,
			sendPingsAutomatically: true,
			upgradeTimeout: 10,
			hookTimeout: 30,
			upgradeRateLimit: 10,
			upgradeRateLimitWindow: 10,
			upgradeAdmission: { maxConcurrent: 0, perTickBudget: 0, maxConnections: 0 },
			allowedOrigins: 'same-origin',
			allowSystemTopicSubscribe: false,
			allowNonAsciiTopics: false,
			compressCredentialedResponses: false,
			pressure: {
				memoryHeapUsedRatio: 0.85,
				publishRatePerSec: 10_000,
				subscriberRatio: 50,
				sampleIntervalMs: 1_000,
				topicPublishRatePerSec: 5_000,
				topicPublishBytesPerSec: 10_485_760
			},
			replay: { size: 1_000, ttlMs: 0, maxTopics: 10_000, maxLength: 67_108_864 },
			unsafeSameOriginWithoutHostPin: false
		}
	});
});

it('has no endpoint unless it is asked for', () => {
	expect(resolveAdapterOptions({}, silent).websocket).toBe(false);
	expect(resolveAdapterOptions({ websocket: false }, silent).websocket).toBe(false);
	expect(resolveAdapterOptions({ websocket: {} }, silent).websocket).toMatchObject({ path: '/ws' });
});

it.each([
	[{ idleTimeout: 5 }, 'websocket.idleTimeout: got 5, expected 0 or 8 to 960 seconds.'],
	[{ idleTimeout: 961 }, 'websocket.idleTimeout: got 961, expected 0 or 8 to 960 seconds.'],
	[{ maxPayloadLength: -1 }, 'websocket.maxPayloadLength: got -1, expected a whole number of bytes, 1 or more.'],
	[{ maxPayloadLength: Number.NaN }, 'websocket.maxPayloadLength: got NaN, expected a whole number of bytes, 1 or more.'],
	[{ maxBackpressure: Infinity }, 'websocket.maxBackpressure: got Infinity, expected a whole number of bytes, 1 or more.'],
	[{ upgradeTimeout: '10' }, "websocket.upgradeTimeout: got '10', expected 0 or more seconds."],
	[{ hookTimeout: -1 }, 'websocket.hookTimeout: got -1, expected 0 or more seconds.'],
	[{ upgradeRateLimit: -1 }, 'websocket.upgradeRateLimit: got -1, expected a number, 0 or more.'],
	[{ upgradeRateLimitWindow: 0 }, 'websocket.upgradeRateLimitWindow: got 0, expected more than 0 seconds.'],
	[{ upgradeRateLimitWindow: NaN }, 'websocket.upgradeRateLimitWindow: got NaN, expected more than 0 seconds.'],
	[{ upgradeAdmission: 5 }, 'websocket.upgradeAdmission: got 5, expected an object of options'],
	[{ upgradeAdmission: null }, 'websocket.upgradeAdmission: got null, expected an object of options'],
	[
		{ upgradeAdmission: { maxConcurrent: 1.5 } },
		'websocket.upgradeAdmission.maxConcurrent: got 1.5, expected a whole number, 0 or more.'
	],
	[
		{ upgradeAdmission: { maxConnections: -1 } },
		'websocket.upgradeAdmission.maxConnections: got -1, expected a whole number, 0 or more.'
	],
	[{ pressure: true }, 'websocket.pressure: got true, expected false or an object of options'],
	[
		{ pressure: { memoryHeapUsedRatio: 85 } },
		'websocket.pressure.memoryHeapUsedRatio: got 85, expected a number above 0 and up to 1, or false.'
	],
	[{ pressure: { publishRatePerSec: 0 } }, 'websocket.pressure.publishRatePerSec: got 0, expected a number above 0, or false.'],
	[
		{ pressure: { sampleIntervalMs: false } },
		'websocket.pressure.sampleIntervalMs: got false, expected more than 0 milliseconds.'
	],
	[{ replay: true }, 'websocket.replay: got true, expected an object of options'],
	[{ replay: { size: 0 } }, 'websocket.replay.size: got 0, expected a whole number, 1 or more.'],
	[{ replay: { ttlMs: -1 } }, 'websocket.replay.ttlMs: got -1, expected 0 or more milliseconds.'],
	[{ path: 'ws' }, "websocket.path: got 'ws', expected a path that starts with /, for example '/ws'."],
	[{ authPath: 'auth' }, "websocket.authPath: got 'auth', expected a path that starts with /"],
	[{ authPath: '/ws' }, "websocket.authPath: got '/ws', which is also websocket.path. Give them different paths."],
	[{ path: '/ws?a' }, "websocket.path: got '/ws?a', expected a path that starts with /, for example '/ws'."],
	[
		{ allowedOrigins: 'https://example.com' },
		"websocket.allowedOrigins: got 'https://example.com', expected 'same-origin', '*' or a list"
	],
	[{ allowedOrigins: ['example.com'] }, 'websocket.allowedOrigins: got ["example.com"], expected'],
	[{ allowedOrigins: ['https://example.com/path'] }, 'websocket.allowedOrigins: got ["https://example.com/path"], expected'],
	...[2, -1, 180.5, 4096, 3840 | 2].map((compression): [object, string] => [
		{ compression },
		`websocket.compression: got ${JSON.stringify(compression)}, expected true, false or a compressor of uWebSockets.js, for example 180 for DEDICATED_COMPRESSOR_16KB.`
	]),
	[{ handler: '' }, "websocket.handler: got '', expected a file relative to the project root"]
])('refuses %j', (options, message) => {
	expect(() => resolveWebSocketOptions(options as object, silent)).toThrow(message);
});

it.each([
	[{ out: '' }, "out: got '', expected the name of a folder."],
	[{ healthCheckPath: 'healthz' }, "healthCheckPath: got 'healthz', expected a path"],
	[{ streamFilesAbove: true }, 'streamFilesAbove: got true, expected a whole number of bytes, 0 or more, or false.'],
	[{ streamFilesAbove: -1 }, 'streamFilesAbove: got -1'],
	[{ streamFilesAbove: NaN }, 'streamFilesAbove: got NaN'],
	[{ healthCheckPath: true }, 'healthCheckPath: got true, expected a path'],
	[{ envPrefix: 'A-B' }, "envPrefix: got 'A-B', expected letters, digits and underscores."],
	[{ websocket: 'yes' }, "websocket: got 'yes', expected true, false or an object of options."],
	[{ websocket: [] }, 'websocket: got [], expected true, false or an object of options.'],
	[{ readinessCheckPath: 'readyz' }, "readinessCheckPath: got 'readyz', expected a path"],
	[{ readinessCheckPath: '/healthz' }, "readinessCheckPath: got '/healthz', which is also healthCheckPath."],
	[{ websocket: { path: '/healthz' } }, "websocket.path: got '/healthz', which is also healthCheckPath."],
	[{ websocket: { authPath: '/readyz' } }, "websocket.authPath: got '/readyz', which is also readinessCheckPath."],
	[{ websocket: { path: '/readyz' } }, "websocket.path: got '/readyz', which is also readinessCheckPath."]
])('refuses %j', (options, message) => {
	expect(() => resolveAdapterOptions(options as object, silent)).toThrow(message);
});

it('fills in the members of an option that is an object, and warns of unknown ones', () => {
	const warn = vi.fn<(message: string) => void>();
	const admission = { maxConnections: 5, maxConcurent: 1 } as object;
	expect(resolveWebSocketOptions({ upgradeAdmission: admission }, warn).upgradeAdmission).toEqual({
		maxConcurrent: 0,
		perTickBudget: 0,
		maxConnections: 5
	});
	expect(warn.mock.calls.flat()).toEqual([
		expect.stringContaining(
			'websocket.upgradeAdmission.maxConcurent is not an option of this version of svelte-adapter-uws and has no effect. Did you mean websocket.upgradeAdmission.maxConcurrent?'
		)
	]);
});

it('warns about an unknown key and names the nearest known one', () => {
	const warn = vi.fn<(message: string) => void>();
	resolveAdapterOptions({ precompres: true, websocket: { maxPayloadLenght: 1 }, somethingElse: 1 } as object, warn);
	expect(warn.mock.calls.map(([message]) => message)).toEqual([
		'precompres is not an option of this version of svelte-adapter-uws and has no effect. Did you mean precompress?',
		'somethingElse is not an option of this version of svelte-adapter-uws and has no effect. The options are: out, precompress, streamFilesAbove, envPrefix, healthCheckPath, readinessCheckPath, websocket.',
		'websocket.maxPayloadLenght is not an option of this version of svelte-adapter-uws and has no effect. Did you mean websocket.maxPayloadLength?'
	]);
});

it('takes false for all pressure and for each part of it, and says what is no part', () => {
	const warn = vi.fn();
	expect(resolveWebSocketOptions({ pressure: false }, warn).pressure).toBe(false);
	expect(resolveWebSocketOptions({ pressure: { subscriberRatio: false, sampleIntervalMs: 5 } }, warn).pressure).toMatchObject({
		subscriberRatio: false,
		sampleIntervalMs: 5,
		publishRatePerSec: 10_000
	});
	expect(warn).not.toHaveBeenCalled();
	resolveWebSocketOptions({ pressure: { subscriberRatios: 5 } as object }, warn);
	expect(warn.mock.calls[0]![0]).toContain('Did you mean websocket.pressure.subscriberRatio?');
});

/** Every option that is a number by default, as a function that makes options with another value. */
const NUMBERS = numbers(resolveWebSocketOptions({}, silent));

function numbers(options: object): [string, (value: unknown) => object][] {
	return Object.entries(options).flatMap(([name, value]: [string, unknown]): [string, (value: unknown) => object][] => {
		if (typeof value === 'number') return [[name, (given) => ({ [name]: given })]];
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
		return numbers(value).map(([member, make]) => [`${name}.${member}`, (given) => ({ [name]: make(given) })]);
	});
}

it('knows every option that is a number', () => expect(NUMBERS.length).toBeGreaterThan(15));

it.each(NUMBERS)('refuses in %s what is no number of its range, and names option, value and range', (name, make) => {
	for (const wrong of [-1, NaN, Infinity, -Infinity, '10', null, true, {}, 10n]) {
		const got = typeof wrong === 'string' ? `'${wrong}'` : typeof wrong === 'object' ? JSON.stringify(wrong) : String(wrong);
		const message = expect.stringMatching(/, expected .*\d/) as string;
		expect(() => resolveWebSocketOptions(make(wrong), silent)).toThrow(expect.objectContaining({ name: 'RangeError', message }));
		expect(() => resolveWebSocketOptions(make(wrong), silent)).toThrow(`websocket.${name}: got ${got}, expected `);
	}
});
