import { encodeBatch, encodeData } from '../protocol/envelope-codec.ts';
import { unsafeIndex } from '../protocol/topic.ts';

export { collapse as collapseByCoalesceKey, createTopicHelper as createScopedTopic } from '../core/platform.ts';
export { resolveRequestId } from '../http/request-id.ts';
export { isWireTopic as isValidWireTopic } from '../protocol/topic.ts';

/** A name as JSON text. Throws a TypeError for a control character, a quote or a backslash, which names may not hold. */
export function esc(name: string): string {
	const index = unsafeIndex(name);
	if (index >= 0)
		throw new TypeError(`esc: ${JSON.stringify(name)} has a control character, quote or backslash at ${index}. Leave it out.`);
	return `"${name}"`;
}

/** An envelope out of its text up to the data, the data, which is `null` where JSON has no word for it, and its number. */
export function completeEnvelope(prefix: string, data: unknown, seq?: number): string {
	return `${prefix}${encodeData(data)}${seq === undefined ? '' : `,"seq":${seq}`}}`;
}

/** One batch frame out of envelopes. */
export const wrapBatchEnvelope: (envelopes: readonly string[]) => string = encodeBatch;
