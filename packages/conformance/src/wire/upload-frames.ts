import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface ChunkOptions {
	readonly number?: number;
	readonly flags?: number;
	readonly header?: object | string;
	readonly payload?: Uint8Array;
	readonly last?: boolean;
}

/** One part of an upload, byte by byte. */
export function chunk(
	id: number,
	{ number = 0, header, payload = new Uint8Array(0), last = false, flags }: ChunkOptions
): Uint8Array {
	const text = header === undefined ? undefined : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
	const start = Buffer.alloc(text ? 12 : 10);
	start.writeUInt8(1, 0);
	start.writeUInt8(flags ?? (text ? 1 : 0) + (last ? 2 : 0), 1);
	start.writeUInt32BE(id, 2);
	start.writeUInt32BE(number, 6);
	if (text) start.writeUInt16BE(text.length, 10);
	return new Uint8Array(Buffer.concat([start, text ?? Buffer.alloc(0), payload]));
}

/** What else is said of an upload: `kind`, its id, and what belongs to it. */
export function control(kind: number, id: number, rest: Uint8Array = new Uint8Array(0)): Uint8Array {
	const start = Buffer.alloc(6);
	start.writeUInt8(2, 0);
	start.writeUInt8(kind, 1);
	start.writeUInt32BE(id, 2);
	return new Uint8Array(Buffer.concat([start, rest]));
}

/** The CRC-32 of an upload. */
export const sumOf = (bytes: Uint8Array): Uint8Array => {
	const sum = Buffer.alloc(4);
	sum.writeUInt32BE(crc32(bytes));
	return sum;
};

/** Bytes that are hashed at a time. */
export const BLOCK: number = 1024 * 1024;

/** SHA-256 of the first block, then each time of that and the next block. */
export function hashOf(bytes: Uint8Array): Buffer {
	let hash = createHash('sha256').update(bytes.subarray(0, BLOCK)).digest();
	for (let at = BLOCK; at < bytes.length; at += BLOCK)
		hash = createHash('sha256')
			.update(hash)
			.update(bytes.subarray(at, at + BLOCK))
			.digest();
	return hash;
}

/** Kinds of `control`. */
export const CANCEL: number = 0x10;
export const RESUME: number = 0x11;
export const CHECKSUM: number = 0x12;
export const HASH: number = 0x13;
/** The name under which a client hears of its upload. */
export const event = (id: number): string => id.toString(16).padStart(8, '0');
