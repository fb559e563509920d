import { isHost } from '../guard.ts';

/** What the operator says about the proxies in front of the server. Header names are lower-case; unset ones are not trusted. */
export interface ProxyConfig {
	/** `ORIGIN`: the public origin, such as `https://example.com`. It wins over everything that a request says. */
	readonly origin?: string | undefined;
	readonly protocolHeader?: string | undefined;
	readonly hostHeader?: string | undefined;
	readonly portHeader?: string | undefined;
	readonly addressHeader?: string | undefined;
	/** `XFF_DEPTH`: which entry of `X-Forwarded-For` is the client, counted from the right, 1 or more. */
	readonly forwardedDepth: number;
}

/** Reads a header by lower-case name; `''` when absent. */
export type ReadHeader = (name: string) => string;

/** The origin of a request cannot be told. `status` 400 blames the client, 500 the proxy or its configuration. */
export class OriginError extends Error {
	override readonly name = 'OriginError';
	readonly status: 400 | 500;

	constructor(status: 400 | 500, message: string) {
		super(message);
		this.status = status;
	}
}

const MAX_FORWARDED_LENGTH = 8192;

/**
 * The origin under which a client reaches the app, without a trailing slash. Throws an OriginError when it cannot be told.
 *
 * @example requestOrigin({ hostHeader: 'x-forwarded-host', forwardedDepth: 1 }, (name) => headers[name] ?? '', false)
 */
export function requestOrigin(config: ProxyConfig, header: ReadHeader, secure: boolean): string {
	if (config.origin !== undefined) return config.origin;
	const protocol = readProtocol(config, header) || (secure ? 'https' : 'http');
	if (protocol !== 'http' && protocol !== 'https') {
		throw new OriginError(
			500,
			`PROTOCOL_HEADER: ${config.protocolHeader} says ${JSON.stringify(protocol)}, expected http or https. Let the proxy set it, or set ORIGIN.`
		);
	}
	const forwarded = config.hostHeader ? header(config.hostHeader) : '';
	const host = forwarded || header('host');
	if (host === '') throw new OriginError(400, 'The request has no Host.');
	if (!isHost(host)) {
		throw new OriginError(
			forwarded ? 500 : 400,
			`${forwarded ? `HOST_HEADER: ${config.hostHeader}` : 'Host'} says ${JSON.stringify(host)}, which is not a host.`
		);
	}
	const port = config.portHeader ? header(config.portHeader) : '';
	if (port === '') return `${protocol}://${host}`;
	if (!/^\d{1,5}$/.test(port))
		throw new OriginError(500, `PORT_HEADER: ${config.portHeader} says ${JSON.stringify(port)}, expected a port number.`);
	return `${protocol}://${host.replace(/:\d+$/, '')}:${port}`;
}

function readProtocol({ protocolHeader }: ProxyConfig, header: ReadHeader): string {
	const value = protocolHeader ? header(protocolHeader) : '';
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

/** The same for who cannot answer an error: `undefined` when it cannot be told. */
export function originOrNothing(config: ProxyConfig, header: ReadHeader, secure: boolean): string | undefined {
	try {
		return requestOrigin(config, header, secure);
	} catch {
		return undefined;
	}
}

/** The address of the client. Throws an Error that names variable and header when `ADDRESS_HEADER` does not give it. */
export function clientAddress(config: ProxyConfig, header: ReadHeader, peerAddress: string): string {
	const name = config.addressHeader;
	if (!name) return peerAddress;
	const value = header(name);
	if (value === '')
		throw new Error(`ADDRESS_HEADER is ${name}, but the request has no such header. Let the proxy set it on every request.`);
	if (name !== 'x-forwarded-for') return value;
	if (value.length > MAX_FORWARDED_LENGTH) throw new Error(`${name} is longer than ${MAX_FORWARDED_LENGTH} characters.`);
	const entries = value.split(',');
	const entry = entries[entries.length - config.forwardedDepth];
	if (entry !== undefined) return entry.trim();
	throw new Error(
		`XFF_DEPTH is ${config.forwardedDepth}, but ${name} has ${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}. Set XFF_DEPTH to the number of trusted proxies.`
	);
}

/** The address of the client, or of the socket when `ADDRESS_HEADER` does not give it: for WebSockets. Never throws. */
export function clientAddressOrPeer(config: ProxyConfig, header: ReadHeader, peerAddress: string): string {
	if (!config.addressHeader) return peerAddress;
	try {
		return clientAddress(config, header, peerAddress);
	} catch {
		return peerAddress;
	}
}
