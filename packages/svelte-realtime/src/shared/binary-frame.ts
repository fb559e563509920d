/** First byte of a frame that carries a call with bytes: `0x00`, length of the header (uint16), header (JSON), payload. */
const BINARY_CALL = 0x00;
/** Bytes that a header may have. */
export const MAX_HEADER = 0xffff;
const PREFIX = 3;

/** A call with bytes: its header is the text of a request. `undefined` when the header is too long. */
export function encodeBinaryCall(header: string, payload: Uint8Array): Uint8Array | undefined {
	const text = new TextEncoder().encode(header);
	if (text.length > MAX_HEADER) return undefined;
	const frame = new Uint8Array(PREFIX + text.length + payload.length);
	new DataView(frame.buffer).setUint16(1, text.length);
	frame.set(text, PREFIX);
	frame.set(payload, PREFIX + text.length);
	return frame;
}

/** Reads what `encodeBinaryCall` wrote out of untrusted bytes; `undefined` when they are something else. */
export function readBinaryCall(frame: Uint8Array): { readonly header: string; readonly payload: Uint8Array } | undefined {
	if (frame.length <= PREFIX || frame[0] !== BINARY_CALL) return undefined;
	const end = PREFIX + new DataView(frame.buffer, frame.byteOffset).getUint16(1);
	if (end === PREFIX || end > frame.length) return undefined;
	const header = readText(frame.subarray(PREFIX, end));
	return header === undefined ? undefined : { header, payload: frame.subarray(end) };
}

/** UTF-8 as text; `undefined` where it is none. */
export function readText(bytes: Uint8Array): string | undefined {
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return undefined;
	}
}
