import type { Envelope } from '../contract/envelope.ts';
import type { Ref, ServerControl } from './control.ts';
import { toEnvelope, toPosition } from './envelope-codec.ts';

/** What one frame of a server says: events, never an empty list, or one control frame. */
export type ServerFrame = ServerControl | { readonly type: 'events'; readonly envelopes: readonly Envelope[] };

/**
 * Reads the text of a server's frame. `undefined` = nothing that this protocol knows, to be ignored. Members of a batch that
 * are no envelopes are left out. Never throws.
 */
export function parseServerFrame(text: string): ServerFrame | undefined {
	let value: Record<string, unknown> | null;
	try {
		value = JSON.parse(text) as typeof value;
	} catch {
		return undefined;
	}
	if (typeof value !== 'object' || value === null) return undefined;
	// The topic decides: an event may carry a field that is named `type`, a control frame has no event.
	const envelope = toEnvelope(value);
	if (envelope) return { type: 'events', envelopes: [envelope] };
	const { type, topic, ref, event, data, events, reason, sessionId, caps, seq, ep, maxPayloadLength } = value;
	const position = toPosition(seq, ep);
	switch (type) {
		case 'batch': {
			const envelopes = Array.isArray(events) ? events.map(toEnvelope).filter((member) => member !== undefined) : [];
			return envelopes.length > 0 ? { type: 'events', envelopes } : undefined;
		}
		case 'welcome':
			return typeof sessionId === 'string'
				? {
						type,
						sessionId,
						caps: Array.isArray(caps) ? caps.filter((cap) => typeof cap === 'string') : [],
						ep: typeof ep === 'string' ? ep : '',
						maxPayloadLength: typeof maxPayloadLength === 'number' && maxPayloadLength > 0 ? maxPayloadLength : undefined
					}
				: undefined;
		case 'subscribed':
			return typeof topic === 'string' && isRef(ref) ? { type, topic, ref, ...(position && { position }) } : undefined;
		case 'subscribe-denied':
			return isRef(ref) ? { type, topic, ref, reason: String(reason) } : undefined;
		case 'resumed':
		case 'pong':
			return { type };
		case 'request':
			return isRef(ref) && typeof event === 'string' ? { type, ref, event, data: data ?? null } : undefined;
		default:
			return undefined;
	}
}

function isRef(value: unknown): value is Ref {
	return typeof value === 'number' || typeof value === 'string';
}
