import { HASH_BLOCK, hexOf, type UploadHeader, type UploadSums } from '../../shared/upload-frame.ts';
import { Crc32 } from './crc32.ts';

/**
 * The sums of one upload: the CRC-32 of all bytes, and SHA-256 of its first block, then each time of that and the next block. The
 * browser hashes beside the page's own work. Pages outside of a secure context have no WebCrypto, and the CRC-32 alone.
 */
export class Sums {
	readonly #subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
	readonly #crc = new Crc32();
	#hash: Uint8Array<ArrayBuffer> = new Uint8Array();
	/** What came since the last hash. */
	#block: Uint8Array[] = [];
	#length = 0;

	/** What the header of an upload says of sums that come later. */
	get announced(): Pick<UploadHeader, 'crc32' | 'sha256'> {
		return { crc32: true, ...(this.#subtle ? { sha256: true } : {}) };
	}

	/** The longest that the header can say of them. */
	get longest(): Pick<UploadHeader, 'crc32' | 'sha256'> {
		return { crc32: 0xffffffff, ...(this.#subtle ? { sha256: '0'.repeat(64) } : {}) };
	}

	/** The sums of what was added. */
	get values(): UploadSums {
		return { crc32: this.#crc.value, ...(this.#subtle ? { sha256: hexOf(this.#hash) } : {}) };
	}

	/** Takes the next part in. Parts have to be added one after the other. */
	async add(part: Uint8Array, isLast: boolean): Promise<void> {
		this.#crc.add(part);
		if (!this.#subtle) return;
		for (let at = 0; at < part.length;) {
			const piece = part.subarray(at, at + HASH_BLOCK - this.#length);
			this.#block.push(piece);
			this.#length += piece.length;
			at += piece.length;
			if (this.#length === HASH_BLOCK) await this.#close(this.#subtle);
		}
		if (isLast && (this.#length > 0 || this.#hash.length === 0)) await this.#close(this.#subtle);
	}

	/** The block is complete. */
	async #close(subtle: SubtleCrypto): Promise<void> {
		const both = new Uint8Array(this.#hash.length + this.#length);
		let at = 0;
		for (const piece of [this.#hash, ...this.#block]) {
			both.set(piece, at);
			at += piece.length;
		}
		this.#block = [];
		this.#length = 0;
		this.#hash = new Uint8Array(await subtle.digest('SHA-256', both));
	}
}
