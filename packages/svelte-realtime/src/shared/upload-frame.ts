import { MAX_HEADER, readText } from './binary-frame.ts';
import type { TraceFields } from './rpc-frame.ts';

/** First byte of a frame with a part of an upload, and of one that says something about an upload. */
export const UPLOAD_CHUNK = 0x01;
export const UPLOAD_CONTROL = 0x02;
/** Topic of what the server says about uploads; the event is the id of the upload. */
export const UPLOAD_TOPIC = '__upload';
/** Bytes of a frame before its header, if it has one, and before its payload otherwise. */
export const CHUNK_PREFIX = 12;
/** Bytes of the secret with which an upload goes on over another connection. */
export const TOKEN_BYTES = 16;

const HAS_HEADER = 0b01;
const IS_LAST = 0b10;
const CANCEL = 0x10;
const RESUME = 0x11;
const CHECKSUM = 0x12;

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

export function encodeControl(control: UploadControl): Uint8Array {
	const extra = control.type === 'cancel' ? 0 : control.type === 'resume' ? TOKEN_BYTES : 4;
	const frame = new Uint8Array(6 + extra);
	const view = new DataView(frame.buffer);
	view.setUint8(0, UPLOAD_CONTROL);
	view.setUint8(1, control.type === 'cancel' ? CANCEL : control.type === 'resume' ? RESUME : CHECKSUM);
	view.setUint32(2, control.id);
	if (control.type === 'checksum') view.setUint32(6, control.crc32);
	if (control.type === 'resume')
		for (let i = 0; i < TOKEN_BYTES; i++) view.setUint8(6 + i, parseInt(control.token.slice(2 * i, 2 * i + 2), 16));
	return frame;
}

/** Reads what is said about an upload out of untrusted bytes; `undefined` when they are something else. */
export function readControl(frame: Uint8Array): UploadControl | undefined {
	if (frame.length < 6 || frame[0] !== UPLOAD_CONTROL) return undefined;
	const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
	const id = view.getUint32(2);
	const kind = view.getUint8(1);
	if (kind === CANCEL && frame.length === 6) return { type: 'cancel', id };
	if (kind === CHECKSUM && frame.length === 10) return { type: 'checksum', id, crc32: view.getUint32(6) };
	if (kind !== RESUME || frame.length !== 6 + TOKEN_BYTES) return undefined;
	return { type: 'resume', id, token: [...frame.subarray(6)].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
}
