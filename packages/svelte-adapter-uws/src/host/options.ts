import type {
	AdapterOptions,
	PressureOptions,
	ReplayLimits,
	ResolvedAdapterOptions,
	ResolvedWebSocketOptions,
	UpgradeAdmission,
	WebSocketOptions
} from '../contract/options.ts';
import { nearestName } from './nearest.ts';

interface Rule {
	readonly fallback: unknown;
	readonly expected: string;
	readonly accepts: (value: unknown) => boolean;
	/** Those of the members, of a value that is an object. */
	readonly members?: Readonly<Record<string, Rule>>;
	/** Errors do not show the value. */
	readonly isSecret?: boolean;
}

type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

const isNumber = (value: unknown, min: number): value is number =>
	typeof value === 'number' && Number.isFinite(value) && value >= min;
const isWhole = (value: unknown, min: number): boolean => isNumber(value, min) && Number.isInteger(value);
const isPath = (value: unknown): boolean => typeof value === 'string' && /^\/[^?#\s]*$/.test(value);
const isOrigin = (value: unknown): boolean =>
	typeof value === 'string' && /^https?:\/\/[^/?#@\s]+$/i.test(value) && URL.canParse(value);

const flag = (fallback: boolean): Rule => ({
	fallback,
	expected: 'true or false',
	accepts: (value) => typeof value === 'boolean'
});
const count: Rule = { fallback: 0, expected: 'a whole number, 0 or more', accepts: (value) => isWhole(value, 0) };
/** The constants of uWebSockets.js: a compressor in the low byte, a decompressor above it. */
const COMPRESSORS: readonly number[] = [1, 145, 146, 163, 180, 197, 214, 231, 248];
const DECOMPRESSORS: readonly number[] = [0, 256, 2_560, 2_816, 3_072, 3_328, 3_584, 3_840];
const isCompressor = (value: number): boolean =>
	value === 0 || (COMPRESSORS.includes(value & 255) && DECOMPRESSORS.includes(value & ~255));
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const bytes = (fallback: number): Rule => ({
	fallback,
	expected: 'a whole number of bytes, 1 or more',
	accepts: (value) => isWhole(value, 1)
});

const admissionRules: Rules<UpgradeAdmission> = { maxConcurrent: count, perTickBudget: count, maxConnections: count };

const threshold = (fallback: number): Rule => ({
	fallback,
	expected: 'a number above 0, or false',
	accepts: (value) => value === false || (isNumber(value, 0) && value > 0)
});
const pressureRules: Rules<PressureOptions> = {
	memoryHeapUsedRatio: {
		fallback: 0.85,
		expected: 'a number above 0 and up to 1, or false',
		accepts: (value) => value === false || (isNumber(value, 0) && value > 0 && value <= 1)
	},
	publishRatePerSec: threshold(10_000),
	subscriberRatio: threshold(50),
	sampleIntervalMs: {
		fallback: 1_000,
		expected: 'more than 0 milliseconds',
		accepts: (value) => isNumber(value, 0) && value > 0
	},
	topicPublishRatePerSec: threshold(5_000),
	topicPublishBytesPerSec: threshold(10_485_760)
};

const some = (fallback: number): Rule => ({
	fallback,
	expected: 'a whole number, 1 or more',
	accepts: (value) => isWhole(value, 1)
});
const replayRules: Rules<ReplayLimits> = {
	size: some(1_000),
	ttlMs: { fallback: 0, expected: '0 or more milliseconds', accepts: (value) => isNumber(value, 0) },
	maxTopics: some(10_000),
	maxLength: some(67_108_864)
};

const webSocketRules: Rules<WebSocketOptions> = {
	path: { fallback: '/ws', expected: "a path that starts with /, for example '/ws'", accepts: isPath },
	handler: {
		fallback: undefined,
		expected: "a file relative to the project root, for example 'src/hooks.ws.ts'",
		accepts: (value) => value === undefined || (typeof value === 'string' && value !== '')
	},
	authPath: { fallback: '/__ws/auth', expected: "a path that starts with /, for example '/__ws/auth'", accepts: isPath },
	authPathRequireOrigin: flag(true),
	maxPayloadLength: bytes(16_384),
	idleTimeout: {
		fallback: 120,
		expected: '0 or 8 to 960 seconds',
		accepts: (value) => value === 0 || (isWhole(value, 8) && Number(value) <= 960)
	},
	maxBackpressure: bytes(1_048_576),
	compression: {
		fallback: false,
		expected: 'true, false or a compressor of uWebSockets.js, for example 180 for DEDICATED_COMPRESSOR_16KB',
		accepts: (value) => typeof value === 'boolean' || (isWhole(value, 0) && isCompressor(Number(value)))
	},
	sendPingsAutomatically: flag(true),
	upgradeTimeout: { fallback: 10, expected: '0 or more seconds', accepts: (value) => isNumber(value, 0) },
	hookTimeout: { fallback: 30, expected: '0 or more seconds', accepts: (value) => isNumber(value, 0) },
	upgradeRateLimit: { fallback: 10, expected: 'a number, 0 or more', accepts: (value) => isNumber(value, 0) },
	upgradeRateLimitWindow: {
		fallback: 10,
		expected: 'more than 0 seconds',
		accepts: (value) => isNumber(value, 0) && value > 0
	},
	upgradeAdmission: {
		fallback: {},
		expected: 'an object of options, for example { maxConnections: 10_000 }',
		accepts: isObject,
		members: admissionRules
	},
	allowedOrigins: {
		fallback: 'same-origin',
		expected: "'same-origin', '*' or a list of origins such as 'https://example.com'",
		accepts: (value) => value === 'same-origin' || value === '*' || (Array.isArray(value) && value.every(isOrigin))
	},
	allowSystemTopicSubscribe: flag(false),
	allowNonAsciiTopics: flag(false),
	compressCredentialedResponses: flag(false),
	workerRelayHmacSecret: {
		fallback: undefined,
		expected: 'a secret of 16 characters or more',
		accepts: (value) => value === undefined || (typeof value === 'string' && value.length >= 16),
		isSecret: true
	},
	pressure: {
		fallback: {},
		expected: 'false or an object of options, for example { publishRatePerSec: 20_000 }',
		accepts: (value) => value === false || isObject(value),
		members: pressureRules
	},
	replay: {
		fallback: {},
		expected: 'an object of options, for example { ttlMs: 3_600_000 }',
		accepts: isObject,
		members: replayRules
	},
	unsafeSameOriginWithoutHostPin: flag(false)
};

const adapterRules: Rules<AdapterOptions> = {
	out: { fallback: 'build', expected: 'the name of a folder', accepts: (value) => typeof value === 'string' && value !== '' },
	precompress: flag(true),
	streamFilesAbove: {
		fallback: false,
		expected: 'a whole number of bytes, 0 or more, or false',
		accepts: (value) => value === false || isWhole(value, 0)
	},
	envPrefix: {
		fallback: '',
		expected: 'letters, digits and underscores',
		accepts: (value) => typeof value === 'string' && /^\w*$/.test(value)
	},
	healthCheckPath: {
		fallback: '/healthz',
		expected: "a path that starts with /, for example '/healthz', or false",
		accepts: (value) => value === false || isPath(value)
	},
	readinessCheckPath: {
		fallback: '/readyz',
		expected: "a path that starts with /, for example '/readyz', or false",
		accepts: (value) => value === false || isPath(value)
	},
	websocket: {
		fallback: false,
		expected: 'true, false or an object of options',
		accepts: (value) => typeof value === 'boolean' || isObject(value)
	}
};

/** Validates the adapter's options and fills in defaults. Throws a RangeError that names option, value and range; `warn` hears of unknown keys. */
export function resolveAdapterOptions(options: AdapterOptions, warn: (message: string) => void): ResolvedAdapterOptions {
	const resolved = apply(adapterRules, options, '', warn) as Required<AdapterOptions>;
	const { websocket, ...rest } = resolved;
	if (rest.readinessCheckPath !== false && rest.readinessCheckPath === rest.healthCheckPath) {
		throw new RangeError(
			`readinessCheckPath: got '${rest.readinessCheckPath}', which is also healthCheckPath. Give them different paths.`
		);
	}
	if (websocket === false) return { ...rest, websocket };
	const endpoint = resolveWebSocketOptions(websocket === true ? {} : websocket, warn);
	for (const name of ['healthCheckPath', 'readinessCheckPath'] as const) {
		for (const own of ['path', 'authPath'] as const) {
			if (endpoint[own] !== rest[name]) continue;
			throw new RangeError(`websocket.${own}: got '${endpoint[own]}', which is also ${name}. Give them different paths.`);
		}
	}
	return { ...rest, websocket: endpoint };
}

/** Validates WebSocket options and fills in defaults. Throws a RangeError that names option, value and range; `warn` hears of unknown keys. */
export function resolveWebSocketOptions(options: WebSocketOptions, warn: (message: string) => void): ResolvedWebSocketOptions {
	const resolved = apply(webSocketRules, options, 'websocket.', warn) as unknown as ResolvedWebSocketOptions;
	if (resolved.authPath !== resolved.path) return resolved;
	throw new RangeError(
		`websocket.authPath: got '${resolved.authPath}', which is also websocket.path. Give them different paths.`
	);
}

function apply(
	rules: Readonly<Record<string, Rule>>,
	options: object,
	prefix: string,
	warn: (message: string) => void
): Record<string, unknown> {
	for (const key of Object.keys(options)) {
		if (Object.hasOwn(rules, key)) continue;
		const nearest = nearestName(key, Object.keys(rules));
		const hint = nearest ? ` Did you mean ${prefix}${nearest}?` : ` The options are: ${Object.keys(rules).join(', ')}.`;
		warn(`${prefix}${key} is not an option of this version of svelte-adapter-uws and has no effect.${hint}`);
	}
	const given: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(options));
	const resolved: Record<string, unknown> = {};
	for (const [name, rule] of Object.entries(rules)) {
		const value = given[name] === undefined ? rule.fallback : given[name];
		if (!rule.accepts(value))
			throw new RangeError(`${prefix}${name}: got ${rule.isSecret ? 'something else' : show(value)}, expected ${rule.expected}.`);
		if (value !== undefined)
			resolved[name] = rule.members && isObject(value) ? apply(rule.members, value as object, `${prefix}${name}.`, warn) : value;
	}
	return resolved;
}

function show(value: unknown): string {
	if (typeof value === 'string') return `'${value}'`;
	if (typeof value === 'function') return 'a function';
	if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? 'an object';
	return String(value);
}
