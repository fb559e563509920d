import type { Clock } from '../../contract/clock.ts';
import type { Connection } from '../../contract/connection.ts';
import type { HookContext, MessageContext, SubscribeContext, WebSocketHooks } from '../../contract/hooks.ts';
import type { Platform } from '../../contract/platform.ts';
import { checkCap, checkNumber } from '../plugin/check.ts';
import { Entrance } from '../plugin/entrance.ts';
import { readFrame } from '../plugin/frame.ts';
import { goOn } from '../plugin/maybe.ts';
import { selectWith } from '../plugin/public-copy.ts';
import { Diffs } from './diffs.ts';
import type { Roster } from './roster.ts';

export interface PresenceOptions<UserData = any> {
	/** Field of the selected data that says who it is; connections of one key count once. Default `id`. */
	readonly key?: string;
	/** What others may see of somebody. Default a copy without what sounds secret; must give an object that JSON can carry. */
	readonly select?: (userData: UserData) => object;
	/** Milliseconds between two lists of who is still here; 0 = none. Default 0. */
	readonly heartbeat?: number;
	/** Connections that are in some topic; at one too many the first to have come leaves. Default 1,000,000. */
	readonly maxConnections?: number;
	/** Topics with somebody in them; at one too many the first is emptied. Default 1,000,000. */
	readonly maxTopics?: number;
	/** Hears what goes wrong where no hook waits for it. Default: logged. */
	readonly onError?: (error: unknown) => void;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

/** What a presence is made of. */
export interface PresenceParts extends PresenceOptions {
	readonly clock: Clock;
	readonly onError: (error: unknown) => void;
	readonly roster: Roster;
	/** In front of the numbers of connections that have no key, so that those of two nodes differ. */
	readonly anonymous: string;
	/** Whether other nodes are told: only when all know the same. */
	readonly relay: boolean;
	/** Says regularly that this node still holds the members of these topics. */
	readonly renew?: { readonly everyMs: number; readonly run: (topics: readonly string[]) => Promise<void> };
}

/** One connection that is in some topic. */
interface Seat {
	readonly key: string;
	readonly platform: Platform;
	/** With what others see of it there. */
	readonly topics: Map<string, object>;
}

interface Room {
	readonly platform: Platform;
	readonly connections: Set<Connection>;
}

/** The hooks of a presence, to be exported from `src/hooks.ws` or called from the app's own. */
export type PresenceHooks = Required<Pick<WebSocketHooks, 'subscribe' | 'unsubscribe' | 'close'>> & {
	/** Answers a client that wants to know who is here. True when the frame was one of presence. */
	message(ws: Connection, context: MessageContext): boolean;
};

/** Who is in which topic, and who is told. Connections of one key are one person; a person leaves with the last of them. */
export class Presence {
	readonly #parts: PresenceParts;
	readonly #select: (userData: unknown) => object;
	readonly #entrance: Entrance;
	readonly #diffs: Diffs;
	readonly #maxConnections: number;
	readonly #maxTopics: number;
	/** In the order of coming. */
	readonly #seats = new Map<Connection, Seat>();
	readonly #rooms = new Map<string, Room>();
	#beating: Disposable | undefined;
	#renewing: Disposable | undefined;
	#anonymous = 0;

	constructor(parts: PresenceParts) {
		const where = 'createPresence:';
		this.#maxConnections = checkCap(`${where} maxConnections`, parts.maxConnections ?? 1_000_000);
		this.#maxTopics = checkCap(`${where} maxTopics`, parts.maxTopics ?? 1_000_000);
		checkNumber(`${where} heartbeat`, parts.heartbeat ?? 0, { min: 0 });
		this.#parts = parts;
		this.#select = selectWith('createPresence', parts.select);
		this.#entrance = new Entrance('__presence:', parts.onError);
		this.#diffs = new Diffs((topic) => this.#entrance.of(topic), parts.relay);
	}

	/**
	 * Puts a connection into a topic, tells the others and shows it who is there. Nothing happens for reserved topics, closed
	 * connections, and one that is in already. Throws a TypeError when `select` gives no object.
	 */
	join(ws: Connection, topic: string, platform: Platform): void {
		if (!this.#entrance.takes(topic) || this.#seats.get(ws)?.topics.has(topic)) return;
		const data = this.#select(ws.getUserData());
		// A copy now: whoever selected it may go on with it.
		const shown = JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
		if (!this.#entrance.join(ws, topic)) return;
		const { key } = this.#seat(ws, topic, shown, platform);
		goOn(
			this.#parts.roster.join(topic, key, ws, shown),
			(isNews) => {
				if (isNews && this.#seats.get(ws)?.topics.has(topic))
					this.#diffs.add(topic, key, { kind: 'joins', data: shown }, platform);
				this.#show(ws, topic, platform);
			},
			this.#parts.onError
		);
	}

	/** Takes a connection out of all topics, or out of one. */
	leave(ws: Connection, _platform?: Platform, topic?: string): void {
		const seat = this.#seats.get(ws);
		if (!seat) return;
		for (const one of topic === undefined ? [...seat.topics.keys()] : [topic]) this.#leave(ws, seat, one);
	}

	/** Shows a connection who is in a topic, now and from now on, without being there itself. */
	sync(ws: Connection, topic: string, platform: Platform): void {
		if (this.#entrance.takes(topic) && this.#entrance.join(ws, topic)) this.#show(ws, topic, platform);
	}

	/** Tells now what would be told at the end of this turn. */
	flushDiffs(): void {
		this.#diffs.flush();
	}

	/** Forgets everybody and stops the timers; nobody is told. */
	clear(): void {
		this.#beating?.[Symbol.dispose]();
		this.#renewing?.[Symbol.dispose]();
		this.#beating = undefined;
		this.#renewing = undefined;
		this.#seats.clear();
		this.#rooms.clear();
		this.#diffs.clear();
		this.#parts.roster.clear();
	}

	/** Work when detached. */
	readonly hooks: PresenceHooks = {
		subscribe: (ws: Connection, topic: string, { platform, checking }: SubscribeContext) => {
			if (checking) return;
			const plain = this.#entrance.plain(topic);
			if (plain === undefined) this.join(ws, topic, platform);
			else this.sync(ws, plain, platform);
		},
		unsubscribe: (ws: Connection, topic: string, { platform }: HookContext) => {
			const plain = this.#entrance.plain(topic);
			if (plain !== undefined) return this.#entrance.forget(ws, plain);
			this.leave(ws, platform, topic);
			this.#entrance.left(ws, topic, platform, () => this.#follow(ws, topic, platform));
		},
		message: (ws: Connection, context: MessageContext) => {
			const frame = readFrame(context, 'presence"');
			if (!frame) return false;
			const { platform } = context;
			this.#entrance.admit(ws, frame['topic'], platform, (topic) => this.#follow(ws, topic, platform));
			return true;
		},
		close: (ws: Connection, { platform }: HookContext) => this.leave(ws, platform)
	};

	#follow(ws: Connection, topic: string, platform: Platform): void {
		this.#entrance.remember(ws, topic);
		this.sync(ws, topic, platform);
	}

	#seat(ws: Connection, topic: string, shown: Readonly<Record<string, unknown>>, platform: Platform): Seat {
		if (!this.#seats.has(ws) && this.#seats.size >= this.#maxConnections) {
			const [oldest] = this.#seats.keys();
			this.leave(oldest!);
		}
		if (!this.#rooms.has(topic) && this.#rooms.size >= this.#maxTopics) {
			const [[first, { connections }]] = this.#rooms as unknown as [[string, Room]];
			for (const connection of [...connections]) this.leave(connection, platform, first);
		}
		const seat = this.#seats.get(ws) ?? { key: this.#keyOf(shown), platform, topics: new Map<string, object>() };
		const room = this.#rooms.get(topic) ?? { platform, connections: new Set<Connection>() };
		this.#seats.set(ws, seat);
		this.#rooms.set(topic, room);
		seat.topics.set(topic, shown);
		room.connections.add(ws);
		this.#keepTime();
		return seat;
	}

	#leave(ws: Connection, seat: Seat, topic: string): void {
		const data = seat.topics.get(topic);
		if (!data) return;
		const { key, platform } = seat;
		seat.topics.delete(topic);
		const room = this.#rooms.get(topic)!;
		room.connections.delete(ws);
		if (room.connections.size === 0) this.#rooms.delete(topic);
		if (seat.topics.size === 0) this.#seats.delete(ws);
		this.#entrance.leave(ws, topic);
		goOn(
			this.#parts.roster.leave(topic, key, ws),
			(isGone) => {
				if (isGone) this.#diffs.add(topic, key, { kind: 'leaves', data }, platform);
			},
			this.#parts.onError
		);
	}

	#keyOf(shown: Readonly<Record<string, unknown>>): string {
		const value = shown[this.#parts.key ?? 'id'];
		return value === undefined || value === null ? `__conn:${this.#parts.anonymous}${++this.#anonymous}` : String(value);
	}

	#show(ws: Connection, topic: string, platform: Platform): void {
		goOn(
			this.#parts.roster.all(topic),
			(people) => {
				if (this.#entrance.has(ws, topic))
					platform.send(ws, this.#entrance.of(topic), 'presence_state', Object.fromEntries(people));
			},
			this.#parts.onError
		);
	}

	/** Timers run only while somebody is here. */
	#keepTime(): void {
		const { clock, heartbeat = 0, renew, onError } = this.#parts;
		if (heartbeat > 0) this.#beating ??= clock.after(heartbeat, () => this.#beat());
		if (!renew) return;
		this.#renewing ??= clock.after(renew.everyMs, () => {
			this.#renewing = undefined;
			if (this.#rooms.size === 0) return;
			this.#keepTime();
			renew.run([...this.#rooms.keys()]).catch(onError);
		});
	}

	#beat(): void {
		this.#beating = undefined;
		if (this.#rooms.size === 0) return;
		this.#keepTime();
		for (const [topic, { platform }] of this.#rooms) {
			goOn(
				this.#parts.roster.all(topic),
				(people) =>
					void platform.publish(this.#entrance.of(topic), 'heartbeat', [...people.keys()], { relay: false, seq: false }),
				this.#parts.onError
			);
		}
	}
}
