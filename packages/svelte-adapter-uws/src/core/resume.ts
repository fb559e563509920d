import type { Position } from '../contract/envelope.ts';
import type { ResumeContext } from '../contract/hooks.ts';
import type { Platform } from '../contract/platform.ts';
import type { Resume } from '../protocol/control.ts';
import { isTopic } from '../protocol/topic.ts';
import { LIMITS } from './limits.ts';

/** What the `resume` hook sees: positions that are no whole numbers, bad topics and everything over the cap are dropped. */
export function readResume(frame: Resume, platform: Platform): ResumeContext {
	const lastSeen = new Map<string, Position>();
	const lastSeenSeqs = Object.create(null) as Record<string, number>;
	for (const [topic, seq] of Object.entries(frame.lastSeenSeqs)) {
		if (lastSeen.size >= LIMITS.resumeTopics) break;
		if (!isTopic(topic) || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) continue;
		const epoch = frame.eps && Object.hasOwn(frame.eps, topic) ? frame.eps[topic] : undefined;
		lastSeen.set(topic, { epoch: typeof epoch === 'string' ? epoch : '', seq });
		lastSeenSeqs[topic] = seq;
	}
	return { sessionId: frame.sessionId, lastSeen, lastSeenSeqs, platform };
}
