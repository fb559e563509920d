import { randomFillSync } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 16;

/** Makes a source of random ids: 16 letters and digits, 80 bits. Randomness is drawn for many ids at once. */
export function createRandomId(): () => string {
	const pool = new Uint8Array(LENGTH * 128);
	let at = pool.length;
	return () => {
		if (at === pool.length) {
			randomFillSync(pool);
			at = 0;
		}
		let id = '';
		for (let index = 0; index < LENGTH; index++) id += ALPHABET[pool[at++]! & 31];
		return id;
	};
}
