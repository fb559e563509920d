import type { Clock } from '../../contract/clock.ts';
import type { Connection } from '../../contract/connection.ts';
import type { Envelope } from '../../contract/envelope.ts';
import type { HookContext, MessageContext, SubscribeContext, SubscribeVerdict } from '../../contract/hooks.ts';
import type { Platform } from '../../contract/platform.ts';
import type { GroupEntry } from '../../contract/store/group.ts';
import { encodeData, encodePrefix } from '../../protocol/envelope-codec.ts';
import { readFrame } from '../plugin/frame.ts';
import { andThen, goOn, type Awaitable } from '../plugin/maybe.ts';
import { Following } from './following.ts';
import type { Ledger, Listed, Renewed } from './ledger.ts';
import { checkEvent, checkGroup, checkRole, isRole, type GroupHooks, type GroupOptions, type GroupRole } from './options.ts';

export interface GroupMember {
	readonly ws: Connection;
	readonly role: GroupRole;
}

export interface GroupParts<Meta extends object> extends GroupOptions<Meta> {
	readonly onError: (error: unknown) => void;
	readonly clock: Clock;
	readonly ledger: Ledger;
	/** Begins the ids of the members of this node. */
	readonly prefix: string;
}

interface Seat extends Listed {
	readonly role: GroupRole;
}

/** A named set of connections, which get its events and hear who comes and goes. Where the ledger has to be asked, promises are given. */
export class Group<Meta extends object = Record<string, unknown>> {
	readonly name: string;
	readonly meta: Meta;
	readonly #parts: GroupParts<Meta>;
	readonly #topic: string;
	/** On which other nodes are told of what goes to a role alone; no client holds it. */
	readonly #roleTopic: string;
	/** Those of this process, in the order of joining. */
	readonly #members = new Map<Connection, Seat>();
	readonly #entering = new Map<Connection, Promise<boolean>>();
	/** Of all who are in or on their way. */
	readonly #ids = new Set<string>();
	/** Where the group is shared, while this process has members. */
	#following: Following | undefined;
	/** The list that clients were told last, as JSON; `''` since somebody has come or gone. */
	#told = '';
	#lastId = 0;
	#isClosed = false;

	constructor(name: string, parts: GroupParts<Meta>) {
		checkGroup(name, parts);
		this.name = name;
		this.meta = parts.meta ?? ({} as Meta);
		this.#topic = `__group:${name}`;
		this.#roleTopic = `__group-role:${name}`;
		this.#parts = parts;
	}

	/** True when the connection is a member then. False when the group is closed or full, the connection is gone, or `onJoin` throws. */
	join(ws: Connection, platform: Platform, role: GroupRole = 'member'): Awaitable<boolean> {
		checkRole(this.name, role);
		if (this.#isClosed || ws.signal.aborted) return false;
		if (this.#members.has(ws)) return true;
		const before = this.#entering.get(ws);
		if (before) return before;
		const seat: Seat = { id: `${this.#parts.prefix}${++this.#lastId}`, role };
		this.#ids.add(seat.id);
		const entry = this.#parts.ledger.join(seat);
		if (!(entry instanceof Promise)) return this.#enter(ws, platform, seat, entry);
		const entered = entry.then(
			(found) => {
				this.#entering.delete(ws);
				return this.#enter(ws, platform, seat, found);
			},
			(error: unknown) => {
				this.#entering.delete(ws);
				this.#ids.delete(seat.id);
				throw error;
			}
		);
		this.#entering.set(ws, entered);
		return entered;
	}

	/** False when the connection was no member. It is none from now on, whatever becomes of the promise. */
	leave(ws: Connection, platform: Platform): Awaitable<boolean> {
		const entering = this.#entering.get(ws);
		if (entering) return entering.then(() => this.leave(ws, platform));
		const seat = this.#members.get(ws);
		if (!seat) return false;
		const left = this.#remove(ws, seat, platform);
		this.#call(() => this.#parts.onLeave?.(ws, seat.role));
		return andThen(left, () => true);
	}

	/** Sends an event to all members, or to those of one role. Throws a TypeError for an event that the group itself sends, and for no role. */
	publish(platform: Platform, event: string, data?: unknown, role?: GroupRole): void {
		checkEvent(this.name, event);
		if (role === undefined) return void this.#tell(platform, event, data);
		checkRole(this.name, role);
		this.#sendTo(role, event, data);
		if (this.#parts.ledger.shared) platform.publish(this.#roleTopic, event, { role, data }, { seq: false });
	}

	/** Sends an event to one member of this process. Throws for a connection that is none. */
	send(platform: Platform, ws: Connection, event: string, data?: unknown): 0 | 1 | 2 {
		checkEvent(this.name, event);
		if (!this.#members.has(ws)) throw new Error(`Group ${this.name}: the connection is no member. Let it join first.`);
		return platform.send(ws, this.#topic, event, data);
	}

	/** Those of this process, in the order of joining. */
	members(): GroupMember[] {
		return [...this.#members].map(([ws, { role }]) => ({ ws, role }));
	}

	has(ws: Connection): boolean {
		return this.#members.has(ws);
	}

	/** Ends the group: its members hear it and are out. Idempotent. */
	close(platform: Platform): Awaitable<void> {
		if (this.#isClosed) return;
		return andThen(this.#parts.ledger.close(), () => this.#end(platform, true));
	}

	readonly hooks: GroupHooks = {
		subscribe: (ws: Connection, topic: string, { platform, checking }: SubscribeContext): Awaitable<SubscribeVerdict> => {
			if (topic === this.#roleTopic) return false;
			if (topic === this.#topic && !checking) return this.join(ws, platform);
		},
		message: (ws: Connection, context: MessageContext) => {
			const frame = readFrame(context, 'group-');
			if (frame?.['group'] !== this.name) return false;
			const { type } = frame;
			if (type !== 'group-join' && type !== 'group-leave') return false;
			const done = type === 'group-join' ? this.join(ws, context.platform) : this.leave(ws, context.platform);
			goOn(done, () => {}, this.#parts.onError);
			return true;
		},
		unsubscribe: (ws: Connection, topic: string, { platform }: HookContext) => {
			if (topic === this.#topic) this.#goes(ws, platform);
		},
		close: (ws: Connection, { platform }: HookContext) => this.#goes(ws, platform)
	};

	#goes(ws: Connection, platform: Platform): void {
		goOn(this.leave(ws, platform), () => {}, this.#parts.onError);
	}

	#enter(ws: Connection, platform: Platform, seat: Seat, entry: GroupEntry): boolean {
		const { role } = seat;
		if (entry.outcome === 'closed' || this.#isClosed) {
			this.#ids.delete(seat.id);
			this.#end(platform, false);
			return false;
		}
		if (entry.outcome === 'full') {
			this.#ids.delete(seat.id);
			this.#call(() => this.#parts.onFull?.(ws, role));
			return false;
		}
		if (ws.signal.aborted) {
			goOn(this.#retire(seat, platform), () => {}, this.#parts.onError);
			return false;
		}
		this.#members.set(ws, seat);
		// Before it hears the group itself: it gets the list instead.
		this.#tell(platform, 'join', { ...this.#show(seat), count: entry.members.length });
		ws.subscribe(this.#topic);
		platform.send(ws, this.#topic, 'members', entry.members.map(this.#show));
		this.#follow(platform);
		return this.#call(
			() => this.#parts.onJoin?.(ws, role),
			() => goOn(this.#remove(ws, seat, platform), () => {}, this.#parts.onError)
		);
	}

	#remove(ws: Connection, seat: Seat, platform: Platform): Awaitable<unknown> {
		// Who left before the app's `onJoin` has thrown is out already.
		if (this.#members.get(ws) !== seat) return undefined;
		this.#members.delete(ws);
		ws.unsubscribe(this.#topic);
		if (this.#members.size === 0) this.#unfollow();
		return this.#retire(seat, platform);
	}

	/** Takes a member off the list, and says so: others may have been told of it in theirs, even if it never came to be in. */
	#retire(seat: Seat, platform: Platform): Awaitable<unknown> {
		this.#ids.delete(seat.id);
		return andThen(this.#parts.ledger.leave(seat.id), ({ count }) =>
			this.#tell(platform, 'leave', { ...this.#show(seat), count })
		);
	}

	#end(platform: Platform, relay: boolean): void {
		if (this.#isClosed) return;
		this.#tell(platform, 'close', null, relay);
		this.#ended();
	}

	/** The part of closing that every process does for its own members, who have been told. */
	#ended(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		for (const ws of this.#members.keys()) ws.unsubscribe(this.#topic);
		this.#members.clear();
		this.#unfollow();
		this.#call(() => this.#parts.onClose?.());
	}

	/** Where several nodes tell clients of members, an id says of which, whatever the order. */
	readonly #show = ({ id, role }: Listed): Partial<Listed> => (this.#parts.ledger.shared ? { id, role } : { role });

	/** What is known per process is told per process. */
	#tell(platform: Platform, event: string, data: unknown, relay = this.#parts.ledger.shared !== undefined): boolean {
		if (changesList(event)) this.#told = '';
		return platform.publish(this.#topic, event, data, { relay, seq: false });
	}

	#sendTo(role: GroupRole, event: string, data: unknown): void {
		const frame = `${encodePrefix(this.#topic, event)}${encodeData(data)}}`;
		for (const [ws, seat] of this.#members) if (seat.role === role) ws.send(frame);
	}

	#follow(platform: Platform): void {
		const { ledger, clock, onError } = this.#parts;
		const { shared } = ledger;
		if (!shared || this.#following) return;
		this.#following = new Following({
			platform,
			topics: new Set([this.#topic, this.#roleTopic]),
			hear: (envelope) => this.#hear(envelope),
			everyMs: shared.everyMs,
			renew: async () => this.#renewed(await shared.renew(this.#ids), platform),
			clock,
			onError
		});
	}

	#unfollow(): void {
		this.#following?.[Symbol.dispose]();
		this.#following = undefined;
	}

	/** Sets right what has come apart: members that the store has lost, and clients that were not told who has gone with a node. */
	#renewed({ isClosed, members }: Renewed, platform: Platform): void {
		if (isClosed) return this.#end(platform, false);
		const known = new Set(members.map(({ id }) => id));
		const lost = [...this.#members].filter(([, { id }]) => !known.has(id));
		for (const [ws, seat] of lost) goOn(this.#rejoin(ws, seat, platform), () => {}, this.#parts.onError);
		const list = members.map(this.#show);
		const text = JSON.stringify(list);
		if (lost.length > 0 || text === this.#told) return;
		this.#tell(platform, 'members', list, false);
		this.#told = text;
	}

	async #rejoin(ws: Connection, seat: Seat, platform: Platform): Promise<void> {
		const entry = await this.#parts.ledger.join(seat);
		if (entry.outcome === 'closed') return this.#end(platform, false);
		if (this.#members.get(ws) !== seat) await this.#retire(seat, platform);
		else if (entry.outcome === 'full') await this.leave(ws, platform);
		else this.#tell(platform, 'join', { ...this.#show(seat), count: entry.members.length });
	}

	#hear({ topic, event, data }: Envelope): void {
		if (topic === this.#topic) {
			if (changesList(event)) this.#told = '';
			// Clients have it from the relay already.
			if (event === 'close') this.#ended();
			return;
		}
		const { role, data: inner } = (data ?? {}) as { readonly role?: unknown; readonly data?: unknown };
		if (isRole(role)) this.#sendTo(role, event, inner);
	}

	#call(run: () => unknown, undo: () => void = () => {}): boolean {
		const failed = (error: unknown): void => {
			undo();
			this.#parts.onError(error);
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

const changesList = (event: string): boolean => event === 'join' || event === 'leave';
