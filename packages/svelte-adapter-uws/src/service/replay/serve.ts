import type { Connection } from '../../contract/connection.ts';
import type { Position } from '../../contract/envelope.ts';
import type { MessageContext, ResumeContext } from '../../contract/hooks.ts';
import type { Platform } from '../../contract/platform.ts';
import { encodeFrame, encodeData, encodePrefix } from '../../protocol/envelope-codec.ts';
import { isReservedTopic, isTopic } from '../../protocol/topic.ts';
import { readFrame } from '../plugin/frame.ts';

/** One event that was kept. */
export interface BufferedMessage {
	readonly seq: number;
	readonly topic: string;
	readonly event: string;
	readonly data: unknown;
}

/** What came after a position. */
export interface Missed {
	/** Of the numbers, if anything is known of the topic. */
	readonly epoch: string;
	readonly events: readonly BufferedMessage[];
	/** Some of it is gone. */
	readonly truncated: boolean;
}

/** How what was missed is sent. */
export interface ReplayMode {
	/** `true`: as ordinary events of the topic, for stores that know nothing of replay. Default false. */
	readonly live?: boolean;
}

/** From where on: the last number that was seen, or a position, whose epoch counts unless it is empty. */
export type Since = number | Position;

/** One request to be served. */
export interface ReplayRequest extends ReplayMode {
	readonly ws: Connection;
	readonly topic: string;
	readonly since: Since;
	readonly platform: Platform;
	/** Given back with every answer. */
	readonly reqId?: number | string | undefined;
	/** Finds what was missed; when it gives a promise, what is published meanwhile is sent as well. */
	readonly find: (since: Position) => Missed | Promise<Missed>;
}

/** The hooks of replay, to be exported from `src/hooks.ws` or called from the app's own. They work detached. */
export interface ReplayHooks {
	/** Answers a client that asks for what it missed. True when the frame was one of replay. */
	message(ws: Connection, context: MessageContext): boolean;
	/** Sends a client that comes back what it missed, as ordinary events. Never rejects. */
	resume(ws: Connection, context: ResumeContext): Promise<void>;
}

const MAX_REQUEST_ID = 256;
/** Try again later: the client comes back, and goes on from what it got. */
const TOO_SLOW = 1013;
const NOTHING: Missed = { epoch: '', events: [], truncated: false };

/**
 * Sends a client what it missed, if the app's `subscribe` hook allows it the topic: `msg` for each event, then `end`. A number that is
 * none gives `end` alone. A connection without room for all of it is closed, because its client would take it for whole.
 */
export async function serveReplay(request: ReplayRequest): Promise<void> {
	const { ws, topic, platform, since, reqId, live = false, find } = request;
	const send = (event: string, data: object | null): boolean => platform.send(ws, `__replay:${topic}`, event, data) !== 2;
	const tagged = reqId === undefined ? {} : { reqId };
	const code = await platform.checkSubscribe(ws, topic);
	if (code !== null) return void (live || send('denied', { code, ...tagged }));
	const position = typeof since === 'number' ? { epoch: '', seq: since } : since;
	const answer = ({ events, truncated }: Missed): boolean => {
		const end = truncated ? { ...tagged, truncated } : tagged;
		return (
			events.every(({ seq, event, data }) => send('msg', { ...tagged, seq, event, data })) &&
			send('end', Object.keys(end).length > 0 ? end : null)
		);
	};
	const deliver = (missed: Missed): void =>
		void ws.cork(() => {
			const isSent = live ? resend(ws, topic, missed, position.epoch !== '', () => send('truncated', null)) : answer(missed);
			if (!isSent) ws.close(TOO_SLOW, 'more was missed than can be sent at once');
		});
	if (!isNumber(position.seq)) return deliver(NOTHING);
	const late = listen(platform, topic);
	try {
		const found = find(position);
		// Without a promise nothing can come between the search and the sending.
		deliver(late.after(position.seq, found instanceof Promise ? await found : found));
	} catch (error) {
		deliver({ ...NOTHING, truncated: true });
		throw error;
	} finally {
		late.stop();
	}
}

/** Whether something can be the number of an event. */
export const isNumber = (seq: unknown): seq is number => Number.isInteger(seq) && (seq as number) >= 0;

/** Makes the hooks that send what `find` gives; `knows` tells which topics of a returning client are asked for. */
export function replayHooks(
	find: (topic: string, since: Position) => Missed | Promise<Missed>,
	knows: (topic: string) => boolean,
	onError: (error: unknown) => void
): ReplayHooks {
	const serve = (request: Omit<ReplayRequest, 'find'>): Promise<void> =>
		serveReplay({ ...request, find: (since) => find(request.topic, since) }).catch(onError);
	return {
		message(ws, context) {
			const frame = readFrame(context, 'replay"');
			if (!frame) return false;
			const { topic, since, ep, reqId } = frame;
			if (!isTopic(topic) || isReservedTopic(topic)) return true;
			const seq = typeof since === 'number' ? since : NaN;
			const isId = typeof reqId === 'number' || (typeof reqId === 'string' && reqId.length <= MAX_REQUEST_ID);
			void serve({
				ws,
				topic,
				since: { epoch: typeof ep === 'string' ? ep : '', seq },
				platform: context.platform,
				reqId: isId ? reqId : undefined
			});
			return true;
		},
		async resume(ws, { lastSeen, platform }) {
			const known = [...lastSeen].filter(([topic]) => knows(topic));
			await Promise.all(known.map(([topic, since]) => serve({ ws, topic, since, platform, live: true })));
		}
	};
}

/** Hears what is published on a topic while somebody looks for what came before. */
function listen(
	platform: Platform,
	topic: string
): { readonly after: (since: number, missed: Missed) => Missed; readonly stop: () => void } {
	const late: BufferedMessage[] = [];
	const tap = platform.tap(
		({ event, data, position }) => {
			if (position) late.push({ seq: position.seq, topic, event, data });
		},
		(name) => name === topic
	);
	return {
		after(since, missed) {
			const last = missed.events.at(-1)?.seq ?? since;
			const fresh = late.filter(({ seq }) => seq > last);
			return fresh.length === 0 ? missed : { ...missed, events: [...missed.events, ...fresh] };
		},
		stop: () => tap[Symbol.dispose]()
	};
}

/** As if it came only now. The client holds the topic, or it would not name it, and must not miss what comes before its subscribe. */
function resend(
	ws: Connection,
	topic: string,
	{ epoch, events, truncated }: Missed,
	withEpoch: boolean,
	lost: () => boolean
): boolean {
	if (truncated && !lost()) return false;
	ws.subscribe(topic);
	return events.every(({ seq, event, data }) => {
		const head = encodePrefix(topic, event) + encodeData(data);
		return ws.send(encodeFrame({ topic, head, position: { epoch, seq } }, withEpoch)) !== 2;
	});
}
