import type { Position } from '../contract/envelope.ts';

/** An event that has come to this node. */
export interface Arrival {
	readonly position: Position;
	/** Shows it to everybody. */
	readonly show: () => void;
	/** Tells those who heard the topic before its first client did. */
	readonly tell: () => void;
}

/** Where one topic stands on this node. */
export interface Line {
	readonly topic: string;
	/** Everything up to it has been shown; `undefined` before the store has said where the topic stands. */
	position: Position | undefined;
	/** Number of the last event before the node began to hear the topic. */
	base: number;
	/** What has come before its turn, by its number. */
	readonly early: Map<number, Arrival>;
	/** What has come while the store is asked. */
	waiting: Arrival[];
	asking: Promise<void> | undefined;
	gap: Disposable | undefined;
	/** Some of its numbers never reach this node, so there is no order to keep. */
	isLoose: boolean;
}

/** A topic of which nothing is known yet. */
export function createLine(topic: string): Line {
	return {
		topic,
		position: undefined,
		base: 0,
		early: new Map(),
		waiting: [],
		asking: undefined,
		gap: undefined,
		isLoose: false
	};
}

/** Whether there is more up to a position than was shown. */
export function isBehind({ position }: Line, { epoch, seq }: Position): boolean {
	return position?.epoch === epoch && position.seq < seq;
}
