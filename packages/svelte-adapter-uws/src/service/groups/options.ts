import type { Connection } from '../../contract/connection.ts';
import type { MessageContext, WebSocketHooks } from '../../contract/hooks.ts';
import { isTopic } from '../../protocol/topic.ts';
import { checkCap, checkFunction } from '../plugin/check.ts';

/** What a member is in a group. */
export type GroupRole = 'member' | 'admin' | 'viewer';

export interface GroupOptions<Meta extends object = Record<string, unknown>> {
	/** Default Infinity. */
	readonly maxMembers?: number;
	/** Whatever the app wants to know of the group. Default `{}`. */
	readonly meta?: Meta;
	/** Runs when somebody has joined; when it throws or rejects, the join is undone. */
	readonly onJoin?: (ws: Connection, role: GroupRole) => unknown;
	readonly onLeave?: (ws: Connection, role: GroupRole) => unknown;
	/** Runs when somebody finds the group full. */
	readonly onFull?: (ws: Connection, role: GroupRole) => unknown;
	readonly onClose?: () => unknown;
	/** Hears what the callbacks throw. Default: logged. */
	readonly onError?: (error: unknown) => void;
}

/** The hooks of a group, to be exported from `src/hooks.ws` or called from the app's own. They work detached. */
export type GroupHooks = Required<Pick<WebSocketHooks, 'subscribe' | 'unsubscribe' | 'close'>> & {
	/** Takes a client in or out that asks for it. True when the frame was one of this group. */
	message(ws: Connection, context: MessageContext): boolean;
};

const ROLES: ReadonlySet<unknown> = new Set<GroupRole>(['member', 'admin', 'viewer']);
const OWN_EVENTS: ReadonlySet<string> = new Set(['join', 'leave', 'members', 'close']);

/** Whether something is a role. */
export const isRole = (role: unknown): role is GroupRole => ROLES.has(role);

/** Throws a TypeError or RangeError for a name or an option that is none. */
export function checkGroup(name: string, options: GroupOptions<object>): void {
	if (!isTopic(name))
		throw new TypeError(
			`createGroup: name: got ${JSON.stringify(name)}, expected 1 to 256 characters without control characters, quotes and backslashes.`
		);
	const { maxMembers = Infinity } = options;
	if (maxMembers !== Infinity) checkCap('createGroup: maxMembers', maxMembers);
	for (const hook of ['onJoin', 'onLeave', 'onFull', 'onClose'] as const)
		if (options[hook] !== undefined) checkFunction(`createGroup: ${hook}`, options[hook]);
}

/** Throws a TypeError for a role that is none. */
export function checkRole(group: string, role: unknown): asserts role is GroupRole {
	if (!isRole(role)) throw new TypeError(`Group ${group}: role: got ${String(role)}, expected member, admin or viewer.`);
}

/** Throws a TypeError for an event that the group itself sends. */
export function checkEvent(group: string, event: string): void {
	if (OWN_EVENTS.has(event))
		throw new TypeError(`Group ${group}: the event ${event} is sent by the group itself. Choose another name.`);
}
