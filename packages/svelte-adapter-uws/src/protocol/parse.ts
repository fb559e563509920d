import type { ClientControl, Ref } from './control.ts';

/** Control frames are shorter than this, in UTF-8 bytes; a longer one belongs to the application. Replies may be as long as any message. */
const MAX_CONTROL_BYTES = 8192;

/** Longest `ref` in UTF-16 units; a longer one counts as absent. */
const MAX_REF_LENGTH = 256;

/** Whether a text can be a control frame: the fourth character of `{"type":…` is a `y`. Costs one comparison for all others. */
export function looksLikeControl(text: string): boolean {
	return text.charCodeAt(3) === 0x79 && text.startsWith('{"ty');
}

/** Whether a text can be the answer to a request of the server. */
export function looksLikeReply(text: string): boolean {
	return text.startsWith('{"type":"reply"');
}

/**
 * Reads a control frame out of untrusted text. `undefined` means that the frame belongs to the application: it is too long,
 * does not parse, or has a type or a field that this protocol does not know. Never throws.
 */
export function parseControl(text: string): ClientControl | undefined {
	if (!looksLikeReply(text) && exceedsBytes(text, MAX_CONTROL_BYTES - 1)) return undefined;
	let value: Record<string, unknown>;
	try {
		const parsed: unknown = JSON.parse(text);
		if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
		value = parsed as Record<string, unknown>;
	} catch {
		return undefined;
	}
	const ref = readRef(value['ref']);
	switch (value['type']) {
		case 'hello':
			return Array.isArray(value['caps'])
				? { type: 'hello', caps: value['caps'].filter((cap) => typeof cap === 'string') }
				: undefined;
		case 'ping':
			return { type: 'ping' };
		case 'subscribe':
			return typeof value['topic'] === 'string' ? { type: 'subscribe', topic: value['topic'], ref } : undefined;
		case 'subscribe-batch':
			return Array.isArray(value['topics']) ? { type: 'subscribe-batch', topics: value['topics'], ref } : undefined;
		case 'unsubscribe':
			return typeof value['topic'] === 'string' ? { type: 'unsubscribe', topic: value['topic'] } : undefined;
		case 'resume':
			return typeof value['sessionId'] === 'string' && isRecord(value['lastSeenSeqs'])
				? {
						type: 'resume',
						sessionId: value['sessionId'],
						lastSeenSeqs: value['lastSeenSeqs'],
						eps: isRecord(value['eps']) ? value['eps'] : {}
					}
				: undefined;
		case 'reply':
			return ref === undefined
				? undefined
				: { type: 'reply', ref, data: value['data'], error: typeof value['error'] === 'string' ? value['error'] : undefined };
		default:
			return undefined;
	}
}

/** A ref is echoed with every topic of a batch, so a long one would be an amplifier; `Infinity` could not be echoed at all. */
function readRef(value: unknown): Ref | undefined {
	if (typeof value === 'string') return value.length <= MAX_REF_LENGTH ? value : undefined;
	return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a text has more than `limit` UTF-8 bytes, counted no further than needed. */
export function exceedsBytes(text: string, limit: number): boolean {
	if (text.length > limit) return true;
	if (text.length * 3 <= limit) return false;
	let bytes = 0;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		// A surrogate is half of a four-byte character.
		bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
		if (bytes > limit) return true;
	}
	return false;
}
