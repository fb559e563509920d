import { MAX_HEADER, readText } from './binary-frame.ts';
import type { TraceFields } from './rpc-frame.ts';

/** First byte of a frame with a part of an upload, and of one that says something about an upload. */
export const UPLOAD_CHUNK = 0x01;
const UPLOAD_CONTROL = 0x02;
/** Topic of what the server says about uploads; the event is the id of the upload. */
export const UPLOAD_TOPIC = '__upload';
/** Bytes of a frame before its header, if it has one, and before its payload otherwise. */
export const CHUNK_PREFIX = 12;
/** Bytes of the secret with which an upload goes on over another connection. */
const TOKEN_BYTES = 16;

const HAS_HEADER = 0b01;
const IS_LAST = 0b10;
const CANCEL = 0x10;
const RESUME = 0x11;
const CHECKSUM = 0x12;
const HASH = 0x13;
const HASH_BYTES = 32;
/** Bytes that are hashed at a time. */
export const HASH_BLOCK: number = 1024 * 1024;

/** Sums of an upload. */
export interface UploadSums {
	/** CRC-32 of all bytes. */
	readonly crc32: number;
	/** SHA-256 of the first block, then each time of that and the next block, as hexadecimal digits. */
	readonly sha256?: string;
}

/** What the first part of an upload says. */
export interface UploadHeader extends TraceFields {
	readonly rpc: string;
	readonly args: readonly unknown[];
	/** The client waits for windows. */
	readonly flow?: true;
	/** Bytes in all, where they are known. */
	readonly size?: number;
	/** CRC-32 of all bytes where the first part is the only one; otherwise `true`, and it comes before the last part. */
	readonly crc32?: true | number;
	/** In the same way, the hash of all bytes. */
	readonly sha256?: true | string;
	/** The client can go on over another connection. */
	readonly resume?: true;
}

/** What the server says while an upload is under way. */
export interface Granted {
	readonly window: number;
	readonly received: number;
	readonly token?: string;
	readonly resumeMs?: number;
	/** After a resume: the number of the part that comes next. */
	readonly next?: number;
}

/** One part of an upload. */
export interface Chunk {
	readonly id: number;
	/** From 0 on, without a gap. */
	readonly number: number;
	/** Text of the header; only the first part has one. */
	readonly header?: string;
	readonly isLast: boolean;
	readonly payload: Uint8Array;
}

/** Something said about an upload. */
export type UploadControl = { readonly id: number } & (
	| { readonly type: 'cancel' }
	| { readonly type: 'resume'; readonly token: string }
	/** CRC-32 of all bytes. */
	| { readonly type: 'checksum'; readonly crc32: number }
	/** SHA-256 over the blocks. */
	| { readonly type: 'hash'; readonly sha256: string }
);

/** The id of an upload as the server names it. */
export const uploadEvent = (id: number): string => id.toString(16).padStart(8, '0');

/** A part of an upload; `undefined` when its header is too long. */
export function encodeChunk({ id, number, header, isLast, payload }: Chunk): Uint8Array | undefined {
	const text = header === undefined ? undefined : new TextEncoder().encode(header);
	if (text && text.length > MAX_HEADER) return undefined;
	const start = text ? CHUNK_PREFIX + text.length : CHUNK_PREFIX - 2;
	const frame = new Uint8Array(start + payload.length);
	const view = new DataView(frame.buffer);
	view.setUint8(0, UPLOAD_CHUNK);
	view.setUint8(1, (text ? HAS_HEADER : 0) | (isLast ? IS_LAST : 0));
	view.setUint32(2, id);
	view.setUint32(6, number);
	if (text) {
		view.setUint16(10, text.length);
		frame.set(text, CHUNK_PREFIX);
	}
	frame.set(payload, start);
	return frame;
}

/** Reads a part out of untrusted bytes; `undefined` when they are something else. */
export function readChunk(frame: Uint8Array): Chunk | undefined {
	if (frame.length < CHUNK_PREFIX - 2 || frame[0] !== UPLOAD_CHUNK) return undefined;
	const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
	const flags = view.getUint8(1);
	const id = view.getUint32(2);
	const number = view.getUint32(6);
	const hasHeader = (flags & HAS_HEADER) !== 0;
	if (flags > (HAS_HEADER | IS_LAST) || id === 0 || hasHeader !== (number === 0)) return undefined;
	const isLast = (flags & IS_LAST) !== 0;
	if (!hasHeader) return { id, number, isLast, payload: frame.subarray(CHUNK_PREFIX - 2) };
	if (frame.length < CHUNK_PREFIX) return undefined;
	const end = CHUNK_PREFIX + view.getUint16(10);
	if (end === CHUNK_PREFIX || end > frame.length) return undefined;
	const header = readText(frame.subarray(CHUNK_PREFIX, end));
	return header === undefined ? undefined : { id, number, header, isLast, payload: frame.subarray(end) };
}

const KINDS = { cancel: CANCEL, resume: RESUME, checksum: CHECKSUM, hash: HASH } as const;
const EXTRA = { cancel: 0, resume: TOKEN_BYTES, checksum: 4, hash: HASH_BYTES } as const;

export function encodeControl(control: UploadControl): Uint8Array {
	const { type } = control;
	const frame = new Uint8Array(6 + EXTRA[type]);
	const view = new DataView(frame.buffer);
	view.setUint8(0, UPLOAD_CONTROL);
	view.setUint8(1, KINDS[type]);
	view.setUint32(2, control.id);
	if (type === 'checksum') view.setUint32(6, control.crc32);
	if (type === 'resume') writeHex(frame, control.token);
	if (type === 'hash') writeHex(frame, control.sha256);
	return frame;
}

/** What is said of the sums before the last part. */
export function encodeSums(id: number, { crc32, sha256 }: UploadSums): Uint8Array[] {
	const checksum = encodeControl({ type: 'checksum', id, crc32 });
	return sha256 === undefined ? [checksum] : [checksum, encodeControl({ type: 'hash', id, sha256 })];
}

/** Reads what is said about an upload out of untrusted bytes; `undefined` when they are something else. */
export function readControl(frame: Uint8Array): UploadControl | undefined {
	if (frame.length < 6 || frame[0] !== UPLOAD_CONTROL) return undefined;
	const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
	const id = view.getUint32(2);
	const kind = view.getUint8(1);
	const extra = frame.subarray(6);
	if (kind === CANCEL && extra.length === 0) return { type: 'cancel', id };
	if (kind === CHECKSUM && extra.length === 4) return { type: 'checksum', id, crc32: view.getUint32(6) };
	if (kind === RESUME && extra.length === TOKEN_BYTES) return { type: 'resume', id, token: hexOf(extra) };
	if (kind === HASH && extra.length === HASH_BYTES) return { type: 'hash', id, sha256: hexOf(extra) };
	return undefined;
}

/** Hexadecimal digits of bytes. */
export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function writeHex(frame: Uint8Array, digits: string): void {
	for (let i = 6; i < frame.length; i++) frame[i] = parseInt(digits.slice(2 * (i - 6), 2 * (i - 6) + 2), 16);
}
