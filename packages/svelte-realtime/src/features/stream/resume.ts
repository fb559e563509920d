import type { Delta } from '../../define/stream-options.ts';
import { LiveError } from '../../shared/error.ts';
import type { Granted } from './granted.ts';
import type { KeptTopics } from './kept-topics.ts';
import type { StreamEvent } from './pipes.ts';
import type { Plan, Viewer } from './plan.ts';

type Missed = StreamEvent & { readonly seq?: number };

/**
 * What a client that comes back has to hear, where that is less than the whole value: by the version it has, from the store's
 * history, or by the app's own numbers, in this order. `undefined` = load. A way that fails is reported and passed over.
 */
export async function resume(granted: Granted, viewer: Viewer): Promise<object | undefined> {
	for (const way of [byVersion, byHistory, byNumber]) {
		try {
			const fields = await way(granted, viewer);
			if (fields) return fields;
		} catch (error) {
			const { plan, context, topic } = granted;
			plan.report(error, context, topic);
		}
	}
	return undefined;
}

async function byVersion({ plan, kept, topic, context, args, request }: Granted, viewer: Viewer): Promise<object | undefined> {
	const { version, diff }: Delta = plan.options.delta ?? {};
	if (!version || !diff || request.version === undefined) return undefined;
	const place = await placeOf(kept, topic);
	const current = await version(context, ...args);
	if (sameJson(current, request.version)) return { unchanged: true, data: [], version: current, ...place };
	const rows = await diff(request.version, context, ...args);
	if (!Array.isArray(rows)) return undefined;
	const events = await seen(plan, rows.map(asEvent), viewer);
	return { delta: true, data: events.map(asRow), version: current, ...place };
}

async function byHistory(
	{ plan, kept: { events: history }, topic, request }: Granted,
	viewer: Viewer
): Promise<object | undefined> {
	const { replay } = plan.options;
	const { seq, ep } = request;
	if (!replay || !history || !isSeq(seq)) return undefined;
	// Clients that say no epoch know none, and may have been on another node.
	if (ep === undefined && plan.host.isBridged()) return undefined;
	const current = await history.current(topic);
	const stored = await history.since(topic, { epoch: ep ?? current.epoch, seq });
	if (!stored || (typeof replay === 'object' && stored.length > (replay.size ?? Infinity))) return undefined;
	const events = await seen(
		plan,
		stored.map(({ event, data, position }) => ({ event, data, seq: position.seq })),
		viewer
	);
	const last = stored.at(-1)?.position ?? { epoch: current.epoch, seq };
	return { replay: true, data: events.map((event) => ({ topic, ...event })), seq: last.seq, ep: last.epoch };
}

async function byNumber({ plan, kept, topic, context, args, request }: Granted, viewer: Viewer): Promise<object | undefined> {
	const { fromSeq }: Delta = plan.options.delta ?? {};
	if (!fromSeq || !isSeq(request.seq)) return undefined;
	// Numbers of another life of this server say nothing to the app.
	if (request.ep !== undefined && !(await isKnown({ plan, kept, topic }, request.ep))) return undefined;
	const place = await placeOf(kept, topic);
	const given = await fromSeq(request.seq, context, ...args);
	if (given === null || given === undefined) return undefined;
	if (!Array.isArray(given)) throw new LiveError('INTERNAL_ERROR', `${plan.path}: delta.fromSeq gave no list.`);
	const missed = given.map((one): Missed => (isEvent(one) ? one : asEvent(one)));
	const seq = missed.findLast((event) => event.seq !== undefined)?.seq ?? request.seq;
	const events = await seen(plan, missed, viewer);
	return { replay: true, data: events.map((event) => ({ topic, ...event })), seq, ...place };
}

async function isKnown({ plan, kept, topic }: Pick<Granted, 'plan' | 'kept' | 'topic'>, epoch: string): Promise<boolean> {
	return epoch === plan.host.platform.epoch || epoch === (await kept.position(topic))?.epoch;
}

/** Where the topic stands in the store's history, for what is loaded after. */
async function placeOf(kept: KeptTopics, topic: string): Promise<{ readonly seq?: number; readonly ep?: string }> {
	const position = await kept.position(topic);
	return position ? { seq: position.seq, ep: position.epoch } : {};
}

async function seen(plan: Plan, missed: readonly Missed[], viewer: Viewer): Promise<readonly Missed[]> {
	const events = await Promise.all(
		missed.map(async (one) => {
			const event = await plan.missed(one, viewer);
			return event && (one.seq === undefined ? event : { ...event, seq: one.seq });
		})
	);
	return events.filter((event) => event !== undefined);
}

const isSeq = (seq: unknown): seq is number => Number.isSafeInteger(seq) && (seq as number) >= 0;

function isEvent(value: unknown): value is Missed {
	return typeof value === 'object' && value !== null && typeof (value as Missed).event === 'string' && 'data' in value;
}

/** A row that changed, as the event that says so. */
function asEvent(row: unknown): StreamEvent {
	return { event: isGone(row) ? 'deleted' : 'created', data: row };
}

function asRow({ event, data }: StreamEvent): unknown {
	return event === 'deleted' && typeof data === 'object' && data !== null ? { ...data, _deleted: true } : data;
}

function isGone(row: unknown): boolean {
	return typeof row === 'object' && row !== null && (row as { _deleted?: unknown })._deleted === true;
}

/** Whether two values are the same once they have been JSON. */
function sameJson(a: unknown, b: unknown): boolean {
	return a === b || stable(JSON.parse(JSON.stringify(a) ?? 'null')) === stable(b);
}

function stable(value: unknown): string {
	return JSON.stringify(value, (_key, inner: unknown) =>
		typeof inner === 'object' && inner !== null && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
			: inner
	);
}
