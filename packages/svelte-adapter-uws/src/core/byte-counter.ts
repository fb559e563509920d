import type { Frame } from '../contract/transport.ts';

const SCRATCH_BYTES = 16_384;

/** Counts the bytes of frames on the wire, without their headers. Encoding into memory that stays is the fastest way to count. */
export class ByteCounter {
	readonly #encoder = new TextEncoder();
	readonly #scratch = new Uint8Array(SCRATCH_BYTES);

	count(frame: Frame): number {
		if (typeof frame !== 'string') return frame.byteLength;
		let { read, written } = this.#encoder.encodeInto(frame, this.#scratch);
		let bytes = written;
		for (let at = read; at < frame.length; at += read) {
			({ read, written } = this.#encoder.encodeInto(frame.slice(at), this.#scratch));
			bytes += written;
		}
		return bytes;
	}
}
