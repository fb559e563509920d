import { frame, BINARY, TEXT } from '../transport/raw.ts';
import { DICTIONARY, type Conversation } from './corpus.ts';
import type { Random } from './random.ts';

type Change = (bytes: Buffer, random: Random, words: readonly string[]) => Buffer;

const cut = (bytes: Buffer, at: number, count: number, insert: Uint8Array = new Uint8Array(0)): Buffer =>
	Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + count)]);

const CHANGES: readonly Change[] = [
	(bytes, random) => {
		const copy = Buffer.from(bytes);
		const at = random.next(copy.length);
		copy[at] = copy[at]! ^ (1 << random.next(8));
		return copy;
	},
	(bytes, random) => cut(bytes, random.next(bytes.length), 1 + random.next(8)),
	(bytes, random, words) => cut(bytes, random.next(bytes.length), 0, Buffer.from(random.pick(words))),
	(bytes, random, words) => cut(bytes, random.next(bytes.length), 1 + random.next(8), Buffer.from(random.pick(words))),
	(bytes, random) => {
		const from = random.next(bytes.length);
		return cut(bytes, random.next(bytes.length), 0, bytes.subarray(from, from + 1 + random.next(64)));
	},
	(bytes, random) => bytes.subarray(0, random.next(bytes.length)),
	(bytes, random) => {
		const copy = Buffer.from(bytes);
		// Lengths stand in bytes of their own: one less, one more, all and none.
		copy[random.next(copy.length)] = random.pick([0, 1, 125, 126, 127, 128, 254, 255]);
		return copy;
	}
];

/** Bytes in which one to three things have gone wrong, in part by `words` that stand where they do not belong. */
export function change(bytes: Buffer, random: Random, words: readonly string[] = DICTIONARY): Buffer {
	let changed = bytes;
	for (let times = 1 + random.next(3); times > 0 && changed.length > 0; times--)
		changed = random.pick(CHANGES)(changed, random, words);
	return changed;
}

const toFrame = (payload: string | Uint8Array): Buffer => frame({ opcode: typeof payload === 'string' ? TEXT : BINARY, payload });

/** The bytes that a client sends whose conversation has gone wrong: in what frames hold, in their order, or in how they are framed. */
export function mutated(conversations: readonly Conversation[], random: Random): Buffer {
	const frames = [...random.pick(conversations)];
	switch (random.next(4)) {
		case 0: {
			const at = random.next(frames.length);
			const given = frames[at]!;
			const payload = change(Buffer.from(given), random);
			const opcode = typeof given === 'string' ? TEXT : BINARY;
			return Buffer.concat(frames.map((other, index) => (index === at ? frame({ opcode, payload }) : toFrame(other))));
		}
		case 1:
			return change(Buffer.concat(frames.map(toFrame)), random);
		case 2: {
			// Two conversations in one, a frame twice, and one in the wrong place.
			const spliced = [...frames.slice(random.next(frames.length)), ...random.pick(conversations)];
			spliced.splice(random.next(spliced.length), 0, random.pick(spliced));
			return Buffer.concat(spliced.map(toFrame));
		}
		default: {
			const every = frames.map((given) => {
				const payload = random.next(2) === 0 ? change(Buffer.from(given), random) : given;
				return frame({ opcode: typeof given === 'string' ? TEXT : BINARY, payload });
			});
			return Buffer.concat(every);
		}
	}
}
