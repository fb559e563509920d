import { RawClient, request } from '../http/client.ts';

/** The header lines of a handshake that every transport takes. */
export const HANDSHAKE: Readonly<Record<string, string>> = {
	Connection: 'Upgrade',
	Upgrade: 'websocket',
	'Sec-WebSocket-Version': '13',
	'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=='
};

/** The text of a handshake with some lines changed, left out (`undefined`) or added. */
export function handshake(
	changes: Readonly<Record<string, string | undefined>> = {},
	more: readonly string[] = [],
	line = 'GET /ws'
): string {
	const lines = Object.entries({ ...HANDSHAKE, ...changes }).filter(([, value]) => value !== undefined);
	return request(line, [...lines.map(([name, value]) => `${name}: ${value}`), ...more]);
}

export interface FrameOptions {
	readonly opcode: number;
	readonly payload?: string | Uint8Array;
	/** Default true. */
	readonly fin?: boolean;
	/** Default true. */
	readonly masked?: boolean;
	/** Reserved bits as they stand in the first byte, for example 0x40. */
	readonly reserved?: number;
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Always the same, so that a server that misreads a frame always misreads it in the same way. */
const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** One frame as a client writes it, right or wrong. */
export function frame({ opcode, payload = '', fin = true, masked = true, reserved = 0 }: FrameOptions): Buffer {
	const bytes = Buffer.from(payload);
	const head = Buffer.alloc(bytes.length < 126 ? 2 : 4);
	head[0] = (fin ? 0x80 : 0) | reserved | opcode;
	head[1] = (masked ? 0x80 : 0) | Math.min(bytes.length, 126);
	if (bytes.length >= 126) head.writeUInt16BE(bytes.length, 2);
	if (!masked) return Buffer.concat([head, bytes]);
	return Buffer.concat([head, Uint8Array.from(MASK), bytes.map((byte, index) => byte ^ MASK[index % 4]!)]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ''): Buffer {
	const head = Buffer.alloc(2);
	head.writeUInt16BE(code);
	return Buffer.concat([head, Buffer.from(reason)]);
}

/** Opens a connection and takes the answer to its handshake off the wire. */
export async function openRaw(port: number): Promise<RawClient> {
	const client = await RawClient.open(port);
	await client.send(handshake());
	const { status } = await client.response();
	if (status !== 101) throw new Error(`The handshake was answered with ${status}.`);
	return client;
}
