import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Encoded } from '../../contract/envelope.ts';
import { encodeFrame } from '../../protocol/envelope-codec.ts';
import type { RelayItem } from './channel.ts';

/** Signs what is relayed, and tells what was signed with the same secret. */
export interface Seal {
	seal(encoded: Encoded): RelayItem;
	isIntact(item: RelayItem): boolean;
}

/** A tag is the HMAC-SHA256, in hex, of topic, a zero byte and the frame with its position. */
export function createSeal(secret: string): Seal {
	const tagOf = (encoded: Encoded): string =>
		createHmac('sha256', secret)
			.update(`${encoded.topic}\0${encodeFrame(encoded, true)}`)
			.digest('hex');
	return {
		seal: (encoded) => ({ ...encoded, tag: tagOf(encoded) }),
		isIntact(item) {
			const expected = Buffer.from(tagOf(item));
			const got = Buffer.from(typeof item.tag === 'string' ? item.tag : '');
			return got.length === expected.length && timingSafeEqual(got, expected);
		}
	};
}

/** Nothing is signed. What carries a tag all the same comes from a worker with a secret, and is refused. */
export const UNSEALED: Seal = { seal: (encoded) => encoded, isIntact: ({ tag }) => tag === undefined };
