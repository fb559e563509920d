import type { Subscribed } from '../../runtime/host.ts';
import type { Join } from '../../runtime/scope.ts';
import type { Seat } from '../../runtime/views.ts';
import { LiveError } from '../../shared/error.ts';
import type { Granted } from './granted.ts';
import { isPage } from './page.ts';
import type { Viewer } from './plan.ts';
import { resume } from './resume.ts';

/**
 * Joins the topic, then loads: an event between the two reaches the client ahead of the reply, and none is missed. A loader
 * that fails leaves nothing behind.
 */
export async function follow(granted: Granted): Promise<Subscribed> {
	const { plan, topic, context, request } = granted;
	const { options, definition } = plan;
	const viewer = viewerOf(granted);
	const { join, seat } = enter(granted, viewer);
	try {
		const beginning = plan.host.follows.beginning(topic);
		if (beginning) await beginning;
		if (join.isFirst && options.onSubscribe) await plan.isolate(context, () => options.onSubscribe?.(context, topic));
		if (context.ws?.signal.aborted) throw new LiveError('CONNECTION_CLOSED');
		const { merge = 'crud', key = 'id', prepend, max } = options;
		const rules = {
			topic: seat.topic,
			merge,
			...(merge === 'crud' ? { key } : {}),
			...(prepend === undefined ? {} : { prepend }),
			...(max === undefined ? {} : { max }),
			...plan.pipes.rules,
			...(plan.isSparse ? { sparse: true } : {}),
			...(definition.derived ? { derived: true } : {})
		};
		const answered = { grant: join.grant, undo: join.undo };
		if (definition.channel) return { ...answered, fields: { data: await plan.load(context), ...rules, channel: true } };
		const resumed = await resume(granted, viewer);
		if (resumed) return { ...answered, fields: { ...resumed, ...rules } };
		const fields = await load(granted, viewer);
		return { ...answered, fields: { ...fields, ...rules, ...(request.seq === undefined ? {} : { replay: false }) } };
	} catch (error) {
		join.undo();
		throw error;
	}
}

/** One more page of a stream that the client follows, or will: no subscription, and no callbacks. */
export async function nextPage(granted: Granted): Promise<Subscribed> {
	return { fields: await load(granted, viewerOf(granted)), grant: () => true, undo: () => {} };
}

function viewerOf({ context, request: { schemaVersion } }: Granted): Viewer {
	return { context, schemaVersion: Number.isSafeInteger(schemaVersion) && schemaVersion! >= 0 ? schemaVersion : undefined };
}

/** Takes a place in the view, and joins its topic; both end together. */
function enter(
	{ plan, reloads, kept, slow, missing, topic, context, args }: Granted,
	viewer: Viewer
): { readonly join: Join; readonly seat: Seat } {
	const { options, host, path, pipes } = plan;
	if (!context.ws) throw new LiveError('INVALID_REQUEST', 'Only a connection can subscribe.');
	const { key, project } = plan.viewOf(viewer);
	const seat = host.views.enter({ topic, key, project, apart: pipes.waits });
	const ends = [seat.leave, slow.enter(seat.topic)];
	const leave = (): void => {
		for (const end of ends) end();
	};
	try {
		const join = host.scope(context.ws).join(seat.topic, path, (remaining) => {
			leave();
			if (options.onUnsubscribe) void plan.isolate(context, () => options.onUnsubscribe?.(context, topic, remaining));
		});
		// What this connection already follows has its place.
		if (!join.isFirst) leave();
		else ends.push(reloads.enter(topic, context, args), kept.enter(topic), missing.enter(topic));
		return { join, seat };
	} catch (error) {
		leave();
		throw error;
	}
}

/** What the loader gives, as fields of the reply. */
async function load(granted: Granted, viewer: Viewer): Promise<object> {
	const { plan, kept, topic, context, args } = granted;
	try {
		const position = await kept.position(topic);
		const version = await versionOf(granted);
		const loaded = await plan.load(context, ...args);
		const schemaVersion = plan.versionFor(viewer);
		const data = await plan.seen(isPage(loaded) ? loaded.data : loaded, viewer);
		return {
			data: data === undefined ? null : data,
			...(isPage(loaded) ? { hasMore: Boolean(loaded.hasMore), cursor: loaded.cursor ?? null } : {}),
			...(position ? { seq: position.seq, ep: position.epoch } : {}),
			...(version === undefined ? {} : { version }),
			...(schemaVersion === undefined ? {} : { schemaVersion })
		};
	} catch (error) {
		plan.tell(error, context, topic);
		throw error;
	}
}

/** The version of the value, from before it is loaded. */
async function versionOf({ plan, topic, context, args }: Granted): Promise<unknown> {
	try {
		return await plan.options.delta?.version?.(context, ...args);
	} catch (error) {
		plan.report(error, context, topic);
		return undefined;
	}
}
