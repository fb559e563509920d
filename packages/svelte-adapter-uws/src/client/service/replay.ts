import type { Readable } from '../../contract/client.ts';
import type { Envelope, Position } from '../../contract/envelope.ts';
import { createLazyStore } from '../cell.ts';
import { guard } from '../guard.ts';
import { openPage, type PageClient } from '../page.ts';
import { hold, toEvent, type TopicStore, type WSEvent } from '../store/topic.ts';
import { startSession } from './session.ts';

export interface OnReplayOptions {
	/** The last number that the page has; 0 = from the first event that is kept. The server's `replay.seq(topic)` tells it. */
	readonly since: number;
}

/** Some events are gone: load afresh. */
export interface TruncatedEvent {
	readonly topic: string;
	readonly event: 'truncated';
	readonly data: null;
}

/** Live events that are held back while what came before is on its way; the oldest go first, and are lost unless they come with it. */
const MAX_HELD = 1_000;

/**
 * Every event of a topic after a number: what was missed first, then what comes, without a gap and nothing twice; after a lost
 * connection as well. Also emits `truncated` when some are gone, and `denied` with its `code` when the server does not let this page have
 * them. Throws a TypeError when `since` is no number.
 *
 * @example const messages = onReplay<Message>('chat', { since: data.seq }).scan([], (list, { data }) => [...list, data]);
 */
export function onReplay<T = unknown>(topic: string, options: OnReplayOptions): TopicStore<WSEvent<T>> {
	const since = options?.since;
	if (typeof since !== 'number' || Number.isNaN(since))
		throw new TypeError(`onReplay: since: got ${String(since)}, expected the number of the last event that the page has.`);
	const each = (emit: (event: WSEvent<T>) => void): (() => void) =>
		follow(openPage(), topic, since, (event) => guard(emit, event as WSEvent<T>));
	return {
		...createLazyStore<WSEvent<T> | null>(null, (cell) => each(cell.set)),
		scan: <A>(initial: A, reducer: (accumulated: A, event: WSEvent<T>) => A): Readable<A> =>
			createLazyStore(initial, (cell) => each((event) => cell.set(reducer(cell.value, event))))
	};
}

/** Follows a topic from a number on; the function that comes back ends it. */
function follow(client: PageClient, topic: string, since: number, emit: (event: WSEvent) => void): () => void {
	const reqId = Math.floor(Math.random() * 2 ** 31);
	let last: Position = { epoch: '', seq: since };
	let isWaiting = true;
	let isTold = false;
	let isAnswered = false;
	let held: Envelope[] = [];
	/** The newest that found no room among them. */
	let dropped: Envelope | undefined;

	const note = ({ epoch, seq }: Position): void => {
		if (epoch !== last.epoch || seq > last.seq) last = { epoch, seq };
	};
	/** A number of another epoch says nothing about these; what is older was replayed. */
	const isNew = ({ position }: Envelope): boolean =>
		position !== undefined && (position.seq > last.seq || (last.epoch !== '' && position.epoch !== last.epoch));
	const show = (envelope: Envelope): void => {
		if (envelope.position) note(envelope.position);
		emit(toEvent(envelope));
	};
	const goLive = (): void => {
		isWaiting = false;
		const waited = held;
		held = [];
		if (dropped && isNew(dropped)) lose();
		// When something is lost and nothing came, the number of this page means nothing to the server.
		for (const envelope of waited) if ((isTold && !isAnswered) || isNew(envelope)) show(envelope);
	};
	const lose = (): void => {
		if (!isTold) emit({ topic, event: 'truncated', data: null });
		isTold = true;
	};

	const stops = [
		hold(client, topic, (envelopes) => {
			for (const envelope of envelopes) {
				if (!isWaiting) show(envelope);
				else if (held.push(envelope) > MAX_HELD) dropped = held.shift();
			}
		}),
		startSession(client, {
			topic: `__replay:${topic}`,
			ask() {
				isWaiting = true;
				isTold = isAnswered = false;
				held = [];
				dropped = undefined;
				return { type: 'replay', topic, since: last.seq, reqId, ...(last.epoch !== '' && { ep: last.epoch }) };
			},
			hear({ event, data }) {
				const answer = (typeof data === 'object' && data !== null ? data : {}) as Readonly<Record<string, unknown>>;
				if (!isWaiting || ('reqId' in answer && answer['reqId'] !== reqId)) return;
				if (event === 'msg' && typeof answer['seq'] === 'number' && typeof answer['event'] === 'string') {
					if (answer['seq'] <= last.seq) return;
					isAnswered = true;
					last = { ...last, seq: answer['seq'] };
					emit({ topic, event: answer['event'], data: answer['data'], seq: answer['seq'] });
				} else if (event === 'truncated') {
					lose();
				} else if (event === 'end') {
					if (answer['truncated'] === true) lose();
					goLive();
				} else if (event === 'denied') {
					emit({ topic, event: 'denied', data: { code: answer['code'] } });
					goLive();
				}
			}
		})
	];
	return () => stops.forEach((stop) => stop());
}
