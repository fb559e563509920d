type Headers = readonly (readonly [name: string, value: string])[];

/** A handshake that is answered with an ordinary response. */
export interface Refusal {
	readonly status: number;
	readonly body: string;
	readonly headers?: Headers;
}

/** What a handshake is answered with, apart from what the protocol itself demands. */
export interface Acceptance {
	/** The subprotocol to name in the answer; `''` = none. */
	readonly protocol: string;
	readonly headers: Headers;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Lines of the answer that belong to the transport. */
const OWN = /^(?:connection|upgrade|date|content-length|transfer-encoding|sec-websocket-(?:accept|extensions|protocol))$/i;

/** Whether a request asks for a WebSocket. Every other one is an ordinary request, whatever else it offers to upgrade to. */
export function asksForWebSocket(header: (name: string) => string): boolean {
	const connection = header('connection');
	return hasToken(header('upgrade'), 'websocket') && hasToken(connection, 'upgrade') && !hasToken(connection, 'close');
}

/** Why a request that asks for a WebSocket cannot have one, or `undefined` when it can. One rule for every transport. */
export function refuseHandshake(method: string, header: (name: string) => string): Refusal | undefined {
	if (method !== 'GET')
		return { status: 405, body: method === 'HEAD' ? '' : 'A WebSocket handshake is a GET request.', headers: [['allow', 'GET']] };
	if (!/^[A-Za-z0-9+/]{22}==$/.test(header('sec-websocket-key')))
		return { status: 400, body: 'Sec-WebSocket-Key must be 16 bytes in base64.' };
	if (header('sec-websocket-version') !== '13')
		return { status: 426, body: 'Only WebSocket version 13 is spoken here.', headers: [['sec-websocket-version', '13']] };
	const offered = subprotocols(header('sec-websocket-protocol'));
	const isOffer = offered.every((name, index) => TOKEN.test(name) && offered.indexOf(name) === index);
	return isOffer ? undefined : { status: 400, body: 'Sec-WebSocket-Protocol must be a list of different tokens.' };
}

/** The answer to a handshake: the subprotocol that the app names, or else the first offered one, and the app's own headers. */
export function acceptHandshake(offer: string, headers: Headers = []): Acceptance {
	const offered = subprotocols(offer);
	const named = headers.find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
	const protocol = named !== undefined && offered.includes(named) ? named : (offered[0] ?? '');
	return { protocol, headers: writable(headers) };
}

/** The headers of a refusal: text unless it says otherwise. */
export function refusalHeaders({ headers = [] }: Refusal): Headers {
	const own = writable(headers);
	return own.some(([name]) => name.toLowerCase() === 'content-type')
		? own
		: [['content-type', 'text/plain; charset=utf-8'], ...own];
}

/** Whether a header can be written as it is: one that would break out of its line is nobody's intention. */
export function isHeaderSafe(name: string, value: string): boolean {
	// eslint-disable-next-line no-control-regex -- control characters are what is looked for
	return TOKEN.test(name) && !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value);
}

function writable(headers: Headers): Headers {
	return headers.filter(([name, value]) => isHeaderSafe(name, value) && !OWN.test(name));
}

function subprotocols(offer: string): string[] {
	return offer === '' ? [] : offer.split(',').map((name) => name.trim());
}

function hasToken(list: string, token: string): boolean {
	return list.split(',').some((part) => part.trim().toLowerCase() === token);
}
