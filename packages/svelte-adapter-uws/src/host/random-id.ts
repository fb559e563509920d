import { randomFillSync } from 'node:crypto';

const ALPHABET = Buffer.from('abcdefghijklmnopqrstuvwxyz234567');
const LENGTH = 16;

/** Makes a source of random ids: 16 letters and digits, 80 bits. Randomness is drawn for many ids at once. */
export function createRandomId(): () => string {
	const pool = Buffer.alloc(LENGTH * 128);
	let at = pool.length;
	return () => {
		if (at === pool.length) {
			randomFillSync(pool);
			at = 0;
		}
		// Not all at once when they are drawn: the first id would take milliseconds of every start.
		for (let index = at; index < at + LENGTH; index++) pool[index] = ALPHABET[pool[index]! & 31]!;
		// One flat string: a concatenation of letters takes eight times the memory for as long as the id is kept.
		return pool.toString('latin1', at, (at += LENGTH));
	};
}
