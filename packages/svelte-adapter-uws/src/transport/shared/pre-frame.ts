import type { Frame } from '../../contract/transport.ts';

const TEXT = 0x81;
const BINARY = 0x82;

/** A whole unmasked WebSocket message as bytes, built once for any number of sockets. */
export function preFrame(frame: Frame): Buffer {
	const isText = typeof frame === 'string';
	const length = isText ? Buffer.byteLength(frame) : frame.byteLength;
	const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
	const out = Buffer.allocUnsafe(head + length);
	out[0] = isText ? TEXT : BINARY;
	if (head === 2) out[1] = length;
	else if (head === 4) {
		out[1] = 126;
		out.writeUInt16BE(length, 2);
	} else {
		out[1] = 127;
		out.writeBigUInt64BE(BigInt(length), 2);
	}
	if (isText) out.write(frame, head);
	else out.set(frame, head);
	return out;
}
