import type { Position } from '../contract/envelope.ts';
import { CAPS, encodeClientControl, type Welcome } from '../protocol/control.ts';
import { chunks } from './chunks.ts';
import { attempt, type Environment } from './environment.ts';

/** News of a topic that may say where it stands. */
export interface Positioned {
	readonly topic: string;
	readonly position?: Position;
}

/** What a returning client tells: its last session, and the last position it saw of each topic it holds. */
export interface ResumeState {
	/** Keeps the highest position of the topic; one of another epoch replaces it. */
	note(news: Positioned): void;
	forget(topic: string): void;
	welcome(welcome: Welcome): void;
	/** The frames that name the last session and ask for what was missed; none before the first session. */
	frames(): string[];
	/** A frame that every server answers and that asks for nothing; `undefined` before the first welcome. */
	probe(): string | undefined;
}

/** Creates the state of one endpoint; `key` names its session in `storage`. */
export function createResumeState(storage: Environment['storage'], key: string): ResumeState {
	const positions = new Map<string, Position>();
	let epochs = false;
	// Without storage a session lasts as long as the page.
	let sessionId = attempt(() => storage?.getItem(key)) ?? undefined;
	const encode = (known: readonly (readonly [string, Position])[]): string =>
		encodeClientControl({
			type: 'resume',
			sessionId: sessionId!,
			lastSeenSeqs: Object.fromEntries(known.map(([topic, { seq }]) => [topic, seq])),
			eps: epochs ? Object.fromEntries(known.map(([topic, { epoch }]) => [topic, epoch])) : undefined
		});
	return {
		note({ topic, position }) {
			if (!position) return;
			const known = positions.get(topic);
			if (known?.epoch !== position.epoch || known.seq < position.seq) positions.set(topic, position);
		},
		forget: (topic) => void positions.delete(topic),
		welcome(welcome) {
			sessionId = welcome.sessionId;
			epochs = welcome.caps.includes(CAPS.epoch);
			attempt(() => storage?.setItem(key, welcome.sessionId));
		},
		frames() {
			if (sessionId === undefined) return [];
			// The topic travels twice.
			const groups = chunks(positions, ([topic, position]) => topic + topic + JSON.stringify(position));
			// After a reload the page knows its session, and nothing of what it saw then.
			return (groups[0] ? groups : [[]]).map(encode);
		},
		probe: () => (sessionId === undefined ? undefined : encode([]))
	};
}
