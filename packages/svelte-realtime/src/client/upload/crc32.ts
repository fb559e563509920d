const POLYNOMIAL = 0xedb88320;

/** CRC-32, as zip has it, of bytes that come in parts. */
export class Crc32 {
	readonly #table = Uint32Array.from({ length: 256 }, (_, byte) => {
		let value = byte;
		for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
		return value;
	});
	#state = 0xffffffff;

	add(bytes: Uint8Array): void {
		const table = this.#table;
		let state = this.#state;
		for (let i = 0; i < bytes.length; i++) state = (state >>> 8) ^ table[(state ^ bytes[i]!) & 0xff]!;
		this.#state = state;
	}

	get value(): number {
		return ~this.#state >>> 0;
	}
}
