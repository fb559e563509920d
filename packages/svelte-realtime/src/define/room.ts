import { define } from './definition.ts';
import { checkNames, problem } from './problem.ts';
import type { Room, RoomConfig } from './room-config.ts';

/** `live.room`. */
export interface RoomMaker {
	/**
	 * Live data with those who look at it: `data`, `presence`, `cursors` and one procedure for each action, behind one guard.
	 * @example
	 * export const desk = live.room({ topic: (ctx, id: string) => `desk:${id}`, topicArgs: 1,
	 *   init: (ctx, id: string) => db.notes(id), presence: (ctx) => ({ nick: ctx.user.nick }),
	 *   actions: { pin: async (ctx, id: string, note: string) => ctx.publish('updated', await db.pin(note)) } });
	 * // in a page: desk.data('7'), desk.presence('7'), desk.pin('7', 'n3')
	 */
	room<Config extends RoomConfig>(config: Config): Room<Config>;
}

const FUNCTIONS = ['topic', 'init', 'presence', 'guard', 'onJoin', 'onLeave'] as const;
const FIELDS: readonly string[] = [...FUNCTIONS, 'cursors', 'actions', 'topicArgs', 'merge', 'key'];
const THROTTLE_MS = 50;
/** What a page finds beside the actions. */
const TAKEN: readonly string[] = ['data', 'presence', 'cursors', 'moveCursor'];

export const room: RoomMaker['room'] = (config) => {
	const what = 'live.room';
	if (typeof config !== 'object' || config === null) throw problem(what, 'config', config, 'an object with topic and init');
	checkNames(what, config, FIELDS, 'config');
	for (const name of FUNCTIONS) {
		const value: unknown = config[name];
		const isNeeded = name === 'topic' || name === 'init';
		if (isNeeded || value !== undefined) if (typeof value !== 'function') throw problem(what, name, value, 'a function (ctx, …)');
	}
	const { topic, actions = {}, topicArgs = Math.max(0, topic.length - 1) } = config;
	if (!(Number.isSafeInteger(topicArgs) && topicArgs >= 0))
		throw problem(what, 'topicArgs', topicArgs, 'how many arguments name the room');
	if (typeof actions !== 'object' || actions === null) throw problem(what, 'actions', actions, 'an object of functions');
	if (Object.keys(actions).length > 0 && config.topicArgs === undefined)
		throw problem(what, 'topicArgs', undefined, 'how many arguments name the room: actions take those first');
	for (const [name, run] of Object.entries(actions)) {
		if (!/^[A-Za-z0-9_]+$/.test(name) || TAKEN.includes(name) || name.startsWith('__'))
			throw problem(what, 'actions', name, `names of letters, digits and _, other than ${TAKEN.join(', ')}`);
		if (typeof run !== 'function') throw problem(what, `actions.${name}`, run, 'a function (ctx, ...roomArgs, ...args)');
	}
	return define({ kind: 'room', config, topicArgs, throttle: throttleOf(config.cursors) });
};

function throttleOf(cursors: RoomConfig['cursors']): number | undefined {
	if (cursors === undefined || cursors === false) return undefined;
	if (cursors === true) return THROTTLE_MS;
	if (typeof cursors !== 'object' || cursors === null) throw problem('live.room', 'cursors', cursors, 'true or { throttle }');
	const { throttle = THROTTLE_MS } = cursors;
	if (!(Number.isFinite(throttle) && throttle >= 0)) throw problem('live.room', 'throttle', throttle, 'milliseconds from 0');
	return throttle;
}
