import { LiveError } from '../shared/error.ts';
import { readBinaryCall } from '../shared/binary-frame.ts';
import type { Installed } from './host.ts';
import { parseRequest, type Bounds, type Refused, type Untrusted } from './parse.ts';

/** A request that came with bytes; they are its first argument as well. */
export interface BinaryRequest extends Untrusted {
	readonly payload: ArrayBuffer;
}

const NOT_BINARY: Readonly<LiveError> = new LiveError('INVALID_REQUEST', 'This takes no bytes. Call it with arguments alone.');
const NEEDS_BYTES: Readonly<LiveError> = new LiveError('INVALID_REQUEST', 'This takes bytes, in a frame of its own.');

/** Reads a call with bytes out of an untrusted frame. `undefined` means that it is none, and belongs to the app. */
export function parseBinary(frame: ArrayBuffer, bounds: Bounds): { readonly single: BinaryRequest } | Refused | undefined {
	const read = readBinaryCall(new Uint8Array(frame));
	const parsed = read && parseRequest(read.header, bounds);
	if (!parsed || 'batch' in parsed) return undefined;
	if ('refused' in parsed) return parsed.isBatch ? undefined : parsed;
	if (typeof parsed.single.id !== 'string') return undefined;
	const { single } = parsed;
	const payload = frame.slice(frame.byteLength - read.payload.length);
	const { args = [] } = single;
	// What is no list stays as it is, and is refused for that.
	return {
		single: { ...single, stream: undefined as never, args: Array.isArray(args) ? [payload, ...args] : args, payload }
	};
}

/** Throws when bytes come where none are taken, or the other way round, or when there are too many. */
export function checkPayload({ maxBytes }: Installed, { payload }: Untrusted): void {
	// In JSON there is no such value.
	const bytes = payload instanceof ArrayBuffer ? payload : undefined;
	if (maxBytes === undefined && bytes) throw NOT_BINARY;
	if (maxBytes === undefined) return;
	if (!bytes) throw NEEDS_BYTES;
	if (bytes.byteLength > maxBytes)
		throw new LiveError('PAYLOAD_TOO_LARGE', `${bytes.byteLength} bytes came; at most ${maxBytes} are taken.`);
}
