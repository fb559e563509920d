import type { EnvelopeListener } from '../contract/client.ts';
import type { Envelope } from '../contract/envelope.ts';
import type { ServerControl } from '../protocol/control.ts';
import { parseServerFrame } from '../protocol/server-frame.ts';
import { createHub, type Hub } from './guard.ts';

/** Takes frames apart and gives every envelope to those who wait for it. */
export interface Inbox {
	/** Hears all envelopes of a frame, before the listeners of their topics. */
	tap(listener: EnvelopeListener): () => void;
	listen(topic: string, listener: EnvelopeListener): () => void;
	/** Takes the text of a frame; what is none of this protocol is ignored. */
	receive(text: string): void;
}

/** Creates an inbox without listeners. `control` takes what is no event; `note` hears each envelope before anybody else. */
export function createInbox(control: (frame: ServerControl) => void, note: (envelope: Envelope) => void): Inbox {
	const taps = createHub<readonly Envelope[]>();
	const topics = new Map<string, Hub<readonly Envelope[]>>();
	return {
		tap: taps.add,
		listen(topic, listener) {
			const hub = topics.get(topic) ?? createHub<readonly Envelope[]>();
			topics.set(topic, hub);
			const remove = hub.add(listener);
			return () => {
				remove();
				if (hub.size === 0 && topics.get(topic) === hub) topics.delete(topic);
			};
		},
		receive(text) {
			const frame = parseServerFrame(text);
			if (!frame) return;
			if (frame.type !== 'events') return control(frame);
			const { envelopes } = frame;
			envelopes.forEach(note);
			taps.emit(envelopes);
			if (envelopes.length === 1) return topics.get(envelopes[0]!.topic)?.emit(envelopes);
			const groups = new Map<string, Envelope[]>();
			for (const envelope of envelopes) {
				const group = groups.get(envelope.topic);
				if (group) group.push(envelope);
				else groups.set(envelope.topic, [envelope]);
			}
			for (const [topic, group] of groups) topics.get(topic)?.emit(group);
		}
	};
}
