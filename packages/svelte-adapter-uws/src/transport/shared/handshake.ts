/** Why a request cannot become a WebSocket, or `undefined` when it can. One rule for every transport. */
export function refuseHandshake(method: string, header: (name: string) => string): { readonly status: number; readonly body: string; readonly headers?: readonly (readonly [string, string])[] } | undefined {
	if (method !== 'GET') return { status: 405, body: 'A WebSocket handshake is a GET request.', headers: [['allow', 'GET']] };
	if (header('sec-websocket-version') !== '13') return { status: 426, body: 'Only WebSocket version 13 is spoken here.', headers: [['sec-websocket-version', '13']] };
	if (!/^[A-Za-z0-9+/]{22}==$/.test(header('sec-websocket-key'))) return { status: 400, body: 'Sec-WebSocket-Key must be 16 bytes in base64.' };
	return undefined;
}

/** Header values that would break out of their line are nobody's intention. */
export function isHeaderSafe(name: string, value: string): boolean {
	// eslint-disable-next-line no-control-regex -- control characters are what is looked for
	return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value);
}
