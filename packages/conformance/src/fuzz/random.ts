/** A source of numbers that gives the same ones for the same seed. */
export interface Random {
	/** A whole number from 0 up to, and not including, `below`. */
	next(below: number): number;
	pick<T>(list: readonly T[]): T;
}

/** The generator called mulberry32: a counter in 32 bits, mixed. */
export function seeded(seed: number): Random {
	let state = seed >>> 0;
	const next = (below: number): number => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
	return { next, pick: (list) => list[next(list.length)]! };
}
