import { accessSync, constants } from 'node:fs';
import { StartError } from './start-error.ts';

/** Everything that the built server takes from its environment, read once and typed. */
export interface Environment {
	readonly host: string;
	/** 0 = any free port. */
	readonly port: number;
	/** The public origin, `https://example.com`, without a path. */
	readonly origin: string | undefined;
	/** PEM file paths; present = TLS on the port itself. */
	readonly tls: { readonly cert: string; readonly key: string } | undefined;
	/** Lower-case names of headers that a trusted proxy sets. */
	readonly protocolHeader: string | undefined;
	readonly hostHeader: string | undefined;
	readonly portHeader: string | undefined;
	readonly addressHeader: string | undefined;
	/** Which entry of `X-Forwarded-For` is the client, counted from the right, 1 or more. */
	readonly forwardedDepth: number;
	/** Bytes; `Infinity` = no limit. */
	readonly bodyLimit: number;
	readonly shutdownTimeoutMs: number;
	readonly shutdownDelayMs: number;
	/** `undefined` = the native one where it loads. */
	readonly transport: 'uws' | 'node' | undefined;
}

const NAMES: ReadonlySet<string> = new Set([
	...[
		'HOST',
		'PORT',
		'ORIGIN',
		'SSL_CERT',
		'SSL_KEY',
		'PROTOCOL_HEADER',
		'HOST_HEADER',
		'PORT_HEADER',
		'ADDRESS_HEADER',
		'XFF_DEPTH'
	],
	...['BODY_SIZE_LIMIT', 'SHUTDOWN_TIMEOUT', 'SHUTDOWN_DELAY_MS', 'TRANSPORT', 'CLUSTER_WORKERS', 'CLUSTER_MODE']
]);

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const WHOLE = /^\d+(?:\.0+)?$/;
const SIZE = /^(\d+(?:\.\d*)?|\.\d+)([kmg]?)b?$/i;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * Reads the variables of the built server, each name preceded by `prefix`. Throws a StartError of one line,
 * `NAME: got …, expected …`, for the first value that is wrong.
 *
 * @example readEnvironment(process.env, '').port
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>, prefix: string): Environment {
	refuseStrangers(env, prefix);

	function read<Value>(name: string, expected: string, parse: (text: string) => Value | undefined): Value | undefined {
		const text = env[prefix + name];
		if (text === undefined) return undefined;
		const value = parse(text.trim());
		if (value === undefined) throw new StartError(`${prefix}${name}: got ${JSON.stringify(text)}, expected ${expected}.`);
		return value;
	}

	for (const name of ['CLUSTER_WORKERS', 'CLUSTER_MODE']) {
		if (env[prefix + name] !== undefined) {
			throw new StartError(
				`${prefix}${name} is not available in this version: the server runs as one process. Unset it, and start several instances behind a load balancer instead.`
			);
		}
	}

	const whole = (name: string, fallback: number, min: number, max = Number.MAX_SAFE_INTEGER): number => {
		const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
		return (
			read(name, `a whole number, ${range}`, (text) =>
				WHOLE.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined
			) ?? fallback
		);
	};
	const header = (name: string): string | undefined =>
		read(name, 'the name of a request header', (text) => (HEADER_NAME.test(text) ? text.toLowerCase() : undefined));
	const file = (name: string): string | undefined =>
		read(name, 'the path of a PEM file that this process can read', (text) => (isReadable(text) ? text : undefined));

	const cert = file('SSL_CERT');
	const key = file('SSL_KEY');
	if ((cert === undefined) !== (key === undefined)) {
		const [given, missing] = cert === undefined ? ['SSL_KEY', 'SSL_CERT'] : ['SSL_CERT', 'SSL_KEY'];
		throw new StartError(`${prefix}${missing}: got nothing, expected a path, because ${prefix}${given} is set. TLS needs both.`);
	}

	return {
		host: read('HOST', 'an address or a host name', (text) => text || undefined) ?? '0.0.0.0',
		port: whole('PORT', 3000, 0, 65_535),
		origin: read('ORIGIN', 'an http or https URL such as https://example.com', toOrigin),
		tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
		protocolHeader: header('PROTOCOL_HEADER'),
		hostHeader: header('HOST_HEADER'),
		portHeader: header('PORT_HEADER'),
		addressHeader: header('ADDRESS_HEADER'),
		forwardedDepth: whole('XFF_DEPTH', 1, 1),
		bodyLimit: read('BODY_SIZE_LIMIT', 'a size such as 512K, 2M or 1G, or 0 for no limit', toBytes) ?? 524_288,
		shutdownTimeoutMs: whole('SHUTDOWN_TIMEOUT', 30, 0) * 1000,
		shutdownDelayMs: whole('SHUTDOWN_DELAY_MS', 0, 0),
		transport: read('TRANSPORT', 'uws or node', (text) => (text === 'uws' || text === 'node' ? text : undefined))
	};
}

/** With a prefix, every variable that carries it is ours: one that is not known is a typing error, or somebody else's prefix. */
function refuseStrangers(env: Readonly<Record<string, string | undefined>>, prefix: string): void {
	if (prefix === '') return;
	for (const name of Object.keys(env)) {
		if (!name.startsWith(prefix) || NAMES.has(name.slice(prefix.length))) continue;
		throw new StartError(
			`${name}: got a variable that the server does not know, expected one of ${[...NAMES].map((known) => prefix + known).join(', ')}. If it belongs to something else, choose another envPrefix.`
		);
	}
}

function toOrigin(text: string): string | undefined {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined;
}

function toBytes(text: string): number | undefined {
	const [, amount, unit = ''] = SIZE.exec(text) ?? [];
	if (amount === undefined) return undefined;
	const bytes = Math.floor(Number(amount) * UNITS[unit.toLowerCase()]!);
	if (!Number.isSafeInteger(bytes)) return undefined;
	return Number(amount) === 0 ? Infinity : bytes;
}

function isReadable(path: string): boolean {
	try {
		accessSync(path, constants.R_OK);
		return path !== '';
	} catch {
		return false;
	}
}
