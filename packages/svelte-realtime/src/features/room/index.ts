import type { Connection } from 'svelte-adapter-uws/contract';
import type { Context } from '../../define/context.ts';
import { define, type Call, type Stream } from '../../define/definition.ts';
import { isTopic, stream } from '../../define/stream.ts';
import type { Feature } from '../../runtime/host.ts';
import { identityOf } from '../../runtime/identity.ts';
import { isolate } from '../../runtime/isolate.ts';
import { denial } from '../../runtime/pipeline.ts';
import { LiveError } from '../../shared/error.ts';
import { roomParts } from '../../shared/room-path.ts';
import { atOnce } from '../../shared/thenable.ts';
import { Attendance, presenceTopic } from './attendance.ts';
import { cursorTopic, Cursors } from './cursors.ts';

/** `live.room(config)`: streams and procedures that share a guard, installed below the room's path. */
export const room: Feature<'room'> = {
	kind: 'room',
	install(host, { path, definition: { config, topicArgs, throttle } }) {
		const { init, guard, presence, actions = {}, onJoin, onLeave, merge = 'crud', key = 'id' } = config;
		const attendance = presence && new Attendance(host, path);
		const cursors = throttle === undefined ? undefined : new Cursors(host, throttle);
		/** Rooms that a connection is in, and whether it has come by now: then it is told that it leaves. */
		const inside = new WeakMap<Connection, Map<string, { hasCome: boolean }>>();

		const topicOf = (ctx: Context, ...args: unknown[]): string => {
			const name: unknown = atOnce('The topic function of a room', config.topic(ctx, ...args));
			// A name that ends so would be that of another room's presence.
			if (!isTopic(name) || /:(?:presence|cursors)$/.test(name))
				throw new LiveError('INVALID_REQUEST', 'The arguments do not name a room.');
			return name;
		};
		const access = async (ctx: Context, ...args: unknown[]): Promise<boolean> => {
			try {
				return (await guard?.(ctx, ...args)) !== false;
			} catch (error) {
				throw denial(ctx, error);
			}
		};
		const part = (
			topic: (ctx: Context, ...args: unknown[]) => string,
			load: Stream['load'],
			options: Stream['options']
		): Stream => define({ ...stream(topic, load, { ...options, access, topicCtx: true }), named: config.topic });
		/** A procedure of those who may be in the room; it gets the arguments that name it, and the others. */
		const procedure = (run: (ctx: Context, topic: string, args: readonly unknown[]) => unknown): Call =>
			define({
				kind: 'call',
				steps: [],
				async run(ctx, ...args) {
					const named = args.slice(0, topicArgs);
					if (!(await access(ctx, ...named))) throw denial(ctx, undefined);
					return run(ctx, topicOf(ctx, ...named), args);
				}
			});

		const keyOf = (ctx: Context): string => String(identityOf(ctx.user) ?? ctx.ws?.id);
		const come = async (ctx: Context, ws: Connection, topic: string, args: readonly unknown[]): Promise<void> => {
			const visits = inside.get(ws) ?? new Map<string, { hasCome: boolean }>();
			inside.set(ws, visits);
			const visit = visits.get(topic) ?? { hasCome: false };
			visits.set(topic, visit);
			// Who leaves before it has come never came.
			const isOver = (): boolean => visits.get(topic) !== visit;
			if (presence) {
				const data = await presence(ctx);
				if (isOver()) return;
				await attendance!.enter(ws, topic, keyOf(ctx), data);
			}
			if (visit.hasCome || isOver()) return;
			visit.hasCome = true;
			if (onJoin) await isolate(host, path, ctx, () => onJoin(ctx, ...args));
		};
		const go = (ctx: Context, ws: Connection, topic: string): void => {
			const visit = inside.get(ws)?.get(topic);
			if (!visit) return;
			inside.get(ws)!.delete(topic);
			attendance?.exit(ws, topic);
			cursors?.leave(ws, topic);
			if (onLeave && visit.hasCome) void isolate(host, path, ctx, () => onLeave(ctx, topic));
		};

		const parts = new Map<string, Call | Stream>();
		parts.set(
			roomParts.data,
			part(
				topicOf,
				async (ctx, ...args) => {
					const data = await init(ctx, ...args);
					const topic = topicOf(ctx, ...args);
					// Who left while it was loading never came.
					if (ctx.ws && host.scope(ctx.ws).holds(topic)) await come(ctx, ctx.ws, topic, args);
					return data;
				},
				{ merge, key, onUnsubscribe: (ctx, topic) => ctx.ws && go(ctx, ctx.ws, topic) }
			)
		);
		if (attendance)
			parts.set(
				roomParts.presence,
				part(
					(ctx, ...args) => presenceTopic(topicOf(ctx, ...args)),
					(ctx, ...args) => attendance.list(topicOf(ctx, ...args)),
					{ merge: 'presence' }
				)
			);
		const stops: Disposable[] = [];
		if (attendance)
			stops.push(host.watch(path, [presenceTopic('*')], ({ topic, event, data }) => attendance.hear(topic, event, data)));
		if (cursors) {
			stops.push(host.watch(path, [cursorTopic('*')], ({ topic, event, data }) => cursors.hear(topic, event, data)));
			parts.set(
				roomParts.cursors,
				part(
					(ctx, ...args) => cursorTopic(topicOf(ctx, ...args)),
					(ctx, ...args) => cursors.list(topicOf(ctx, ...args)),
					{ merge: 'cursor' }
				)
			);
			parts.set(
				roomParts.action('moveCursor'),
				procedure((ctx, topic, args) => {
					// Nobody would take away the cursor of one who is not there.
					if (!ctx.ws || !inside.get(ctx.ws)?.has(topic))
						throw new LiveError('FORBIDDEN', 'Only those who are in the room can move a cursor.');
					cursors.move(ctx.ws, topic, keyOf(ctx), args[topicArgs]);
				})
			);
		}
		for (const [name, run] of Object.entries(actions))
			parts.set(
				roomParts.action(name),
				procedure((ctx, topic, args) => {
					const publish = ctx.publish.bind(ctx, topic);
					return run(Object.assign(ctx, { publish }), ...args);
				})
			);
		return {
			parts,
			[Symbol.dispose]() {
				for (const stop of stops) stop[Symbol.dispose]();
				attendance?.[Symbol.dispose]();
				cursors?.[Symbol.dispose]();
			}
		};
	}
};
