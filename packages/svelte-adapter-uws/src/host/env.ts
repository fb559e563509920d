import { flag, header, oneOf, origin, readable, secret, size, text, whole, workers, type Form } from './env-values.ts';
import { nearestName } from './nearest.ts';
import { StartError } from './start-error.ts';

/** Everything that the built server takes from its environment, read once and typed. */
export interface Environment {
	readonly host: string;
	/** 0 = any free port. */
	readonly port: number;
	/** A Unix domain socket in place of host and port. */
	readonly socketPath: string | undefined;
	/** A listening socket that the parent process opened, by its descriptor, in place of host and port. */
	readonly listenFd: number | undefined;
	/** Several processes may listen on the port. */
	readonly reusePort: boolean;
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
	/** Milliseconds; `undefined` = what the transport does anyway. */
	readonly keepAliveTimeoutMs: number | undefined;
	readonly headersTimeoutMs: number | undefined;
	/** Milliseconds without a request or a socket after which a process that was started by its socket ends. */
	readonly idleTimeoutMs: number | undefined;
	readonly shutdownTimeoutMs: number;
	readonly shutdownDelayMs: number;
	/** `undefined` = the native one where it loads. */
	readonly transport: 'uws' | 'node' | undefined;
	/** Present = several workers; `mode` is the one that was asked for. */
	readonly cluster: { readonly workers: number; readonly mode: 'reuseport' | 'acceptor' | undefined } | undefined;
	/** Signs what workers relay; 16 characters or more. */
	readonly relaySecret: string | undefined;
	/** A line in the log for every open, close, subscribe, unsubscribe and publish. */
	readonly debug: boolean;
}

/** Every variable by name, with the text that stands for it when it is not set; `undefined` = nothing does. */
export const VARIABLES: Readonly<Record<string, string | undefined>> = {
	HOST: '0.0.0.0',
	PORT: '3000',
	SOCKET_PATH: undefined,
	REUSE_PORT: undefined,
	ORIGIN: undefined,
	SSL_CERT: undefined,
	SSL_KEY: undefined,
	PROTOCOL_HEADER: undefined,
	HOST_HEADER: undefined,
	PORT_HEADER: undefined,
	ADDRESS_HEADER: undefined,
	XFF_DEPTH: '1',
	BODY_SIZE_LIMIT: '512K',
	KEEP_ALIVE_TIMEOUT: undefined,
	HEADERS_TIMEOUT: undefined,
	IDLE_TIMEOUT: undefined,
	SHUTDOWN_TIMEOUT: '30',
	SHUTDOWN_DELAY_MS: '0',
	TRANSPORT: undefined,
	CLUSTER_WORKERS: undefined,
	CLUSTER_MODE: undefined,
	WORKER_RELAY_HMAC_SECRET: undefined,
	WS_DEBUG: undefined
};

/** Those that a service manager sets; they never carry a prefix. */
export const INHERITED: readonly string[] = ['LISTEN_PID', 'LISTEN_FDS'];

/** The descriptor of the first socket that a service manager hands over. */
const FIRST_FD = 3;

export type Variables = Readonly<Record<string, string | undefined>>;

/** What the variables are read for. */
export interface Reader {
	/** Put before every name but `LISTEN_PID` and `LISTEN_FDS`. */
	readonly prefix: string;
	/** The process that a service manager may have started; default this one. */
	readonly pid?: number;
	/** Default that of this machine. */
	readonly platform?: NodeJS.Platform;
}

/**
 * Reads the variables of the built server. Throws a StartError of one line, `NAME: got …, expected …`, for the first value that is
 * wrong.
 *
 * @example readEnvironment(process.env, { prefix: '' }).port
 */
export function readEnvironment(env: Variables, { prefix, pid = process.pid, platform = process.platform }: Reader): Environment {
	const read = <Value>(name: string, form: Form<Value>): Value | undefined => {
		const given = env[prefix + name] ?? VARIABLES[name];
		return given === undefined ? undefined : parse(prefix + name, given, form);
	};
	const seconds = (name: string): number | undefined => {
		// In milliseconds a larger one is more than a timer can wait.
		const value = read(name, whole(0, 2_147_483));
		return value === undefined ? undefined : value * 1000;
	};

	const cert = read('SSL_CERT', readable);
	const key = read('SSL_KEY', readable);
	if ((cert === undefined) !== (key === undefined)) {
		const [given, missing] = cert === undefined ? ['SSL_KEY', 'SSL_CERT'] : ['SSL_CERT', 'SSL_KEY'];
		throw new StartError(`${prefix}${missing}: got nothing, expected a path, because ${prefix}${given} is set. TLS needs both.`);
	}
	const listenFd = inheritedSocket(env, pid);
	const socketPath = read('SOCKET_PATH', { ...text, expected: 'the path of a Unix domain socket' });
	if (socketPath !== undefined && listenFd !== undefined) {
		throw new StartError(
			`${prefix}SOCKET_PATH: got ${JSON.stringify(socketPath)}, expected nothing, because LISTEN_FDS hands over a socket. Unset one.`
		);
	}

	const count = read('CLUSTER_WORKERS', workers);
	const mode = read('CLUSTER_MODE', oneOf('reuseport', 'acceptor'));

	return {
		host: read('HOST', { ...text, expected: 'an address or a host name' })!,
		port: read('PORT', whole(0, 65_535))!,
		socketPath,
		listenFd,
		reusePort: read('REUSE_PORT', flag) ?? platform === 'linux',
		origin: read('ORIGIN', origin),
		tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
		protocolHeader: read('PROTOCOL_HEADER', header),
		hostHeader: read('HOST_HEADER', header),
		portHeader: read('PORT_HEADER', header),
		addressHeader: read('ADDRESS_HEADER', header),
		forwardedDepth: read('XFF_DEPTH', whole(1))!,
		bodyLimit: read('BODY_SIZE_LIMIT', size)!,
		keepAliveTimeoutMs: seconds('KEEP_ALIVE_TIMEOUT'),
		headersTimeoutMs: seconds('HEADERS_TIMEOUT'),
		idleTimeoutMs: seconds('IDLE_TIMEOUT') || undefined,
		shutdownTimeoutMs: seconds('SHUTDOWN_TIMEOUT')!,
		shutdownDelayMs: read('SHUTDOWN_DELAY_MS', whole(0, 2_147_483_647))!,
		transport: read('TRANSPORT', oneOf('uws', 'node')),
		cluster: count === undefined ? undefined : { workers: count, mode },
		relaySecret: read('WORKER_RELAY_HMAC_SECRET', secret(16)),
		debug: read('WS_DEBUG', flag) ?? false
	};
}

function parse<Value>(name: string, given: string, { expected, parse: toValue, isSecret }: Form<Value>): Value {
	const value = toValue(given.trim());
	const got = isSecret ? `${given.length} characters` : JSON.stringify(given);
	if (value === undefined) throw new StartError(`${name}: got ${got}, expected ${expected}.`);
	return value;
}

/** The variables stay in the environment of whatever the service starts: only the process they name may take the socket. */
function inheritedSocket(env: Variables, pid: number): number | undefined {
	const [listenPid, listenFds] = INHERITED.map((name) => {
		const given = env[name];
		return given === undefined ? undefined : parse(name, given, whole(0));
	});
	if (listenPid !== pid || listenFds === undefined || listenFds === 0) return undefined;
	if (listenFds > 1) {
		throw new StartError(
			`LISTEN_FDS: got "${listenFds}", expected 1. Write one ListenStream into the socket unit, and a unit for each further one.`
		);
	}
	return FIRST_FD;
}

/**
 * A sentence for each variable that carries the prefix and is not known: a typing error, or something else that begins in the same way.
 * None without a prefix, because every variable would be meant.
 */
export function unknownVariables(env: Variables, prefix: string): string[] {
	if (prefix === '') return [];
	const known = Object.keys(VARIABLES);
	return Object.keys(env)
		.filter((name) => name.startsWith(prefix) && !known.includes(name.slice(prefix.length)))
		.map((name) => {
			const nearest = nearestName(name.slice(prefix.length), known);
			const hint = nearest
				? `Did you mean ${prefix}${nearest}?`
				: `Known are ${known.map((other) => prefix + other).join(', ')}.`;
			return `${name}: the server does not know this variable and ignores it. ${hint} If it belongs to something else, choose another envPrefix.`;
		});
}
