import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { HASH_BLOCK, type UploadHeader, type UploadSums } from '../../shared/upload-frame.ts';

type Announced = Pick<UploadHeader, 'crc32' | 'sha256'>;

/** The sums of one upload: those that its client announced, over what has come. */
export class Sums {
	readonly #announced: Announced;
	#crc32 = 0;
	/** Of the blocks that are complete. */
	#sha256: Buffer | undefined;
	#block: Hash = createHash('sha256');
	#length = 0;
	#expected: { crc32?: number; sha256?: string } = {};

	constructor(announced: Announced) {
		this.#announced = announced;
		if (typeof announced.crc32 === 'number') this.#expected.crc32 = announced.crc32;
		if (typeof announced.sha256 === 'string') this.#expected.sha256 = announced.sha256;
	}

	/** What the sums have to be in the end. */
	expect({ crc32: sum, sha256 }: Partial<UploadSums>): void {
		if (sum !== undefined) this.#expected.crc32 = sum;
		if (sha256 !== undefined) this.#expected.sha256 = sha256;
	}

	add(part: Uint8Array): void {
		const { crc32: sum, sha256 } = this.#announced;
		if (sum !== undefined) this.#crc32 = crc32(part, this.#crc32);
		if (sha256 === undefined) return;
		for (let at = 0; at < part.length;) {
			const piece = part.subarray(at, at + HASH_BLOCK - this.#length);
			this.#block.update(piece);
			this.#length += piece.length;
			at += piece.length;
			if (this.#length === HASH_BLOCK) this.#close();
		}
	}

	/** Whether all that was announced is so, now that everything has come. */
	isRight(): boolean {
		const { crc32: sum, sha256 } = this.#announced;
		if (this.#length > 0 || !this.#sha256) this.#close();
		return (
			(sum === undefined || this.#crc32 === this.#expected.crc32) &&
			(sha256 === undefined || this.#sha256?.toString('hex') === this.#expected.sha256)
		);
	}

	#close(): void {
		this.#sha256 = this.#block.digest();
		this.#block = createHash('sha256').update(this.#sha256);
		this.#length = 0;
	}
}
