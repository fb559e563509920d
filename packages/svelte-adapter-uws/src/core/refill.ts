import type { Envelope, Position } from '../contract/envelope.ts';
import type { ReplayStore } from '../contract/store/replay.ts';
import { encodeData, encodeFrame, encodePrefix } from '../protocol/envelope-codec.ts';
import { takesBatches, takesEpochs } from './audience.ts';
import type { ServerConnection } from './connection.ts';
import { joinFrames } from './fan-out.ts';
import type { Limit, Report } from './isolation.ts';
import type { Order } from './order.ts';
import { encodeDirect } from './platform.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Taps } from './taps.ts';

export interface RefillParts {
	readonly store: Pick<ReplayStore, 'since'>;
	/** Whether what the store keeps of a topic is what sockets get of it. */
	readonly canFill: (topic: string) => boolean;
	readonly order: Order;
	readonly subscriptions: Subscriptions;
	readonly taps: Taps;
	readonly report: Report;
	readonly limit: Limit;
}

/** What a client that came back did not get of one topic; `undefined` = nobody can tell. */
type Missed = readonly Envelope[] | undefined;

/** Try again later: the client comes back, and goes on from what it got. */
const TOO_SLOW = 1013;

/**
 * Gives clients that come back what they missed of topics whose events are kept, for apps without a `resume` hook. The events leave as
 * they would have at their time; where it cannot be known what was missed, `truncated` on `__replay:<topic>` says so instead.
 */
export class Refill {
	readonly #parts: RefillParts;

	constructor(parts: RefillParts) {
		this.#parts = parts;
	}

	/** `undefined` when nothing that the client names is kept. The promise never rejects. */
	run(connection: ServerConnection, lastSeen: ReadonlyMap<string, Position>): Promise<void> | undefined {
		const kept = [...lastSeen].filter(([topic]) => this.#parts.canFill(topic));
		return kept.length > 0 ? this.#refill(connection, new Map(kept)) : undefined;
	}

	async #refill(connection: ServerConnection, lastSeen: ReadonlyMap<string, Position>): Promise<void> {
		const { subscriptions, taps, order } = this.#parts;
		// What is shown while the store is asked reaches the client with the rest, not before it.
		const late = new Map([...lastSeen.keys()].map((topic) => [topic, [] as Envelope[]]));
		const tap = taps.add(
			(envelope) => void late.get(envelope.topic)?.push(envelope),
			(topic) => late.has(topic)
		);
		try {
			const topics = await subscriptions.allowed(connection, [...lastSeen.keys()]);
			// A node that is behind the client would show it again what it has seen.
			await Promise.all(topics.map((topic) => order.reach(topic, lastSeen.get(topic)!)));
			const found = await Promise.all(topics.map((topic) => this.#find(topic, lastSeen.get(topic)!)));
			// What a gate allowed may be over by the time that the store has answered.
			const passes = await Promise.all(topics.map((topic) => subscriptions.passes(connection, topic)));
			connection.cork(() => {
				topics.forEach((topic, i) => {
					if (!passes[i]) return;
					const missed = this.#shown(topic, found[i]);
					const last = missed?.at(-1)?.position ?? lastSeen.get(topic)!;
					const isNew = ({ position }: Envelope): boolean => position?.epoch !== last.epoch || position.seq > last.seq;
					this.#send(connection, topic, missed, late.get(topic)!.filter(isNew));
				});
			});
		} finally {
			tap[Symbol.dispose]();
		}
	}

	/** Without what this node has still to show: that comes by itself. */
	#shown(topic: string, missed: Missed): Missed {
		const at = this.#parts.order.position(topic);
		return at ? missed?.filter(({ position }) => position?.epoch !== at.epoch || position.seq <= at.seq) : missed;
	}

	async #find(topic: string, from: Position): Promise<Missed> {
		try {
			return await this.#parts.limit(this.#parts.store.since(topic, from));
		} catch (error) {
			this.#parts.report('history', error);
			return undefined;
		}
	}

	/** Joins the topic in the same turn, so that nothing falls between what was missed and what is to come. */
	#send(connection: ServerConnection, topic: string, missed: Missed, late: readonly Envelope[]): void {
		if (!connection.subscribe(topic)) return;
		const withEpoch = takesEpochs(connection.variant);
		const single = [...(missed ?? []), ...late].map(({ event, data, position }) =>
			encodeFrame({ topic, head: encodePrefix(topic, event) + encodeData(data), ...(position && { position }) }, withEpoch)
		);
		const frames = takesBatches(connection.variant) ? joinFrames(single) : single;
		if (!missed) connection.sendFrame(encodeDirect(`__replay:${topic}`, 'truncated', null));
		for (const frame of frames) {
			if (connection.sendFrame(frame) !== 2) continue;
			connection.close(TOO_SLOW, 'more was missed than can be sent at once');
			return;
		}
	}
}
