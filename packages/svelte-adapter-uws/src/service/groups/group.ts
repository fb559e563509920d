import type { Connection } from '../../contract/connection.ts';
import type { HookContext, MessageContext, SubscribeContext, SubscribeVerdict, WebSocketHooks } from '../../contract/hooks.ts';
import type { Platform } from '../../contract/platform.ts';
import { isTopic } from '../../protocol/topic.ts';
import { checkCap, checkFunction } from '../plugin/check.ts';
import { readFrame } from '../plugin/frame.ts';

/** What a member is in a group. */
export type GroupRole = 'member' | 'admin' | 'viewer';

export interface GroupMember {
	readonly ws: Connection;
	readonly role: GroupRole;
}

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

const ROLES: ReadonlySet<string> = new Set<GroupRole>(['member', 'admin', 'viewer']);
const OWN_EVENTS: ReadonlySet<string> = new Set(['join', 'leave', 'members', 'close']);

/** A named set of connections of this process, which get its events and hear who comes and goes. */
export class Group<Meta extends object = Record<string, unknown>> {
	readonly name: string;
	readonly meta: Meta;
	readonly #topic: string;
	readonly #options: GroupOptions<Meta> & { readonly onError: (error: unknown) => void };
	readonly #maxMembers: number;
	readonly #members = new Map<Connection, GroupRole>();
	#isClosed = false;

	constructor(name: string, options: GroupOptions<Meta> & { readonly onError: (error: unknown) => void }) {
		if (!isTopic(name))
			throw new TypeError(
				`createGroup: name: got ${JSON.stringify(name)}, expected 1 to 256 characters without control characters, quotes and backslashes.`
			);
		const { maxMembers = Infinity } = options;
		if (maxMembers !== Infinity) checkCap('createGroup: maxMembers', maxMembers);
		for (const hook of ['onJoin', 'onLeave', 'onFull', 'onClose'] as const)
			if (options[hook] !== undefined) checkFunction(`createGroup: ${hook}`, options[hook]);
		this.name = name;
		this.meta = options.meta ?? ({} as Meta);
		this.#topic = `__group:${name}`;
		this.#options = options;
		this.#maxMembers = maxMembers;
	}

	/** True when the connection is a member then. False when the group is closed or full, the connection is gone, or `onJoin` throws. */
	join(ws: Connection, platform: Platform, role: GroupRole = 'member'): boolean {
		if (!ROLES.has(role)) throw new TypeError(`Group ${this.name}: role: got ${String(role)}, expected member, admin or viewer.`);
		if (this.#isClosed || ws.signal.aborted) return false;
		if (this.#members.has(ws)) return true;
		if (this.#members.size >= this.#maxMembers) {
			this.#call(() => this.#options.onFull?.(ws, role));
			return false;
		}
		this.#members.set(ws, role);
		// Before it hears the group itself: it gets the list instead.
		this.#tell(platform, 'join', { role, count: this.#members.size });
		ws.subscribe(this.#topic);
		platform.send(
			ws,
			this.#topic,
			'members',
			[...this.#members.values()].map((one) => ({ role: one }))
		);
		return this.#call(
			() => this.#options.onJoin?.(ws, role),
			() => this.#remove(ws, platform)
		);
	}

	/** False when the connection was no member. */
	leave(ws: Connection, platform: Platform): boolean {
		const role = this.#remove(ws, platform);
		if (role) this.#call(() => this.#options.onLeave?.(ws, role));
		return role !== undefined;
	}

	/** Sends an event to all members, or to those of one role. Throws a TypeError for an event that the group itself sends. */
	publish(platform: Platform, event: string, data?: unknown, role?: GroupRole): void {
		this.#check(event);
		if (role === undefined) return this.#tell(platform, event, data);
		for (const [ws, one] of this.#members) if (one === role) platform.send(ws, this.#topic, event, data);
	}

	/** Sends an event to one member. Throws for a connection that is none. */
	send(platform: Platform, ws: Connection, event: string, data?: unknown): 0 | 1 | 2 {
		this.#check(event);
		if (!this.#members.has(ws)) throw new Error(`Group ${this.name}: the connection is no member. Let it join first.`);
		return platform.send(ws, this.#topic, event, data);
	}

	/** In the order of joining. */
	members(): GroupMember[] {
		return [...this.#members].map(([ws, role]) => ({ ws, role }));
	}

	count(): number {
		return this.#members.size;
	}

	has(ws: Connection): boolean {
		return this.#members.has(ws);
	}

	/** Ends the group for good: its members hear it and are out. Idempotent. */
	close(platform: Platform): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#tell(platform, 'close', null);
		for (const ws of this.#members.keys()) ws.unsubscribe(this.#topic);
		this.#members.clear();
		this.#call(() => this.#options.onClose?.());
	}

	readonly hooks: GroupHooks = {
		subscribe: (ws: Connection, topic: string, { platform, checking }: SubscribeContext): SubscribeVerdict => {
			if (topic === this.#topic && !checking) return this.join(ws, platform);
		},
		message: (ws: Connection, context: MessageContext) => {
			const frame = readFrame(context, 'group-');
			if (frame?.['group'] !== this.name) return false;
			if (frame['type'] === 'group-join') this.join(ws, context.platform);
			else if (frame['type'] === 'group-leave') this.leave(ws, context.platform);
			else return false;
			return true;
		},
		unsubscribe: (ws: Connection, topic: string, { platform }: HookContext) => {
			if (topic === this.#topic) this.leave(ws, platform);
		},
		close: (ws: Connection, { platform }: HookContext) => void this.leave(ws, platform)
	};

	#check(event: string): void {
		if (OWN_EVENTS.has(event))
			throw new TypeError(`Group ${this.name}: the event ${event} is sent by the group itself. Choose another name.`);
	}

	#tell(platform: Platform, event: string, data: unknown): void {
		// Members are known per process, so the events are too.
		platform.publish(this.#topic, event, data, { relay: false, seq: false });
	}

	#remove(ws: Connection, platform: Platform): GroupRole | undefined {
		const role = this.#members.get(ws);
		if (role === undefined) return undefined;
		this.#members.delete(ws);
		ws.unsubscribe(this.#topic);
		this.#tell(platform, 'leave', { role, count: this.#members.size });
		return role;
	}

	/** Calls a callback of the app; false when it throws. `undo` also runs when it rejects. */
	#call(run: () => unknown, undo: () => void = () => {}): boolean {
		const failed = (error: unknown): void => {
			undo();
			this.#options.onError(error);
		};
		try {
			const result = run();
			if (result instanceof Promise) result.catch(failed);
			return true;
		} catch (error) {
			failed(error);
			return false;
		}
	}
}
