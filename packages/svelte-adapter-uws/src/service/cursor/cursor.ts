import type { Clock } from '../../contract/clock.ts';
import type { Connection } from '../../contract/connection.ts';
import type { HookContext, MessageContext, SubscribeContext, WebSocketHooks } from '../../contract/hooks.ts';
import type { Platform } from '../../contract/platform.ts';
import { fromText } from '../json.ts';
import { checkCap, checkNumber } from '../plugin/check.ts';
import { Entrance } from '../plugin/entrance.ts';
import { readFrame } from '../plugin/frame.ts';
import { goOn } from '../plugin/maybe.ts';
import { selectWith } from '../plugin/public-copy.ts';
import type { CursorEntry } from './entry.ts';
import type { SharedCursors } from './shared-cursors.ts';

export interface CursorOptions<UserData = any> {
	/** Milliseconds between two broadcasts of one cursor in one topic; the latest position always leaves. Default 50. */
	readonly throttle?: number;
	/** What others see of the user. Default a copy without what sounds secret; must give an object. */
	readonly select?: (userData: UserData) => object;
	/** Connections with a cursor; at one too many the first one's cursors go. Default 1,000,000. */
	readonly maxConnections?: number;
	/** Topics with a cursor; at one too many the first is emptied. Default 1,000,000. */
	readonly maxTopics?: number;
	/** UTF-16 units of a topic; a cursor in a longer one is ignored. Default 256. */
	readonly maxTopicLength?: number;
	/** UTF-8 bytes of a position as JSON; a longer one is ignored. Default 8,192. */
	readonly maxDataBytes?: number;
	/** Hears what goes wrong where no hook waits for it. Default: logged. */
	readonly onError?: (error: unknown) => void;
	/** Default the time of the machine. */
	readonly clock?: Clock;
}

/** The hooks of cursors, to be exported from `src/hooks.ws` or called from the app's own. They work detached. */
export type CursorHooks = Required<Pick<WebSocketHooks, 'subscribe' | 'unsubscribe' | 'close'>> & {
	/** Takes a position, or sends all of them to who asks. True when the frame was one of cursors. */
	message(ws: Connection, context: MessageContext): boolean;
};

export interface CursorParts extends CursorOptions {
	readonly clock: Clock;
	readonly onError: (error: unknown) => void;
	readonly randomId: () => string;
	/** The cursors of all nodes, for those who come. Default: those of this process. */
	readonly shared?: SharedCursors;
}

interface Cursor {
	text: string;
	/** When the last broadcast left. */
	sentAt: number;
	timer: Disposable | undefined;
}

/** One connection with a cursor somewhere. */
interface Pointer {
	readonly key: string;
	readonly user: object;
	readonly platform: Platform;
	readonly cursors: Map<string, Cursor>;
}

/** Where everybody points, by topic: the latest position of each connection, told to others at most once in an interval. */
export class Cursors {
	readonly #clock: Clock;
	readonly #randomId: () => string;
	readonly #limits: Required<
		Pick<CursorOptions, 'throttle' | 'maxConnections' | 'maxTopics' | 'maxTopicLength' | 'maxDataBytes'>
	>;
	readonly #select: (userData: unknown) => object;
	readonly #entrance: Entrance;
	readonly #shared: SharedCursors | undefined;
	readonly #onError: (error: unknown) => void;
	/** In the order of coming. */
	readonly #pointers = new Map<Connection, Pointer>();
	readonly #topics = new Map<string, Set<Connection>>();

	constructor(parts: CursorParts) {
		const { throttle = 50, maxConnections = 1_000_000, maxTopics = 1_000_000, maxTopicLength = 256, maxDataBytes = 8192 } = parts;
		const where = 'createCursor:';
		this.#limits = {
			throttle: checkNumber(`${where} throttle`, throttle, { min: 0 }),
			maxConnections: checkCap(`${where} maxConnections`, maxConnections),
			maxTopics: checkCap(`${where} maxTopics`, maxTopics),
			maxTopicLength: checkCap(`${where} maxTopicLength`, maxTopicLength),
			maxDataBytes: checkCap(`${where} maxDataBytes`, maxDataBytes)
		};
		this.#clock = parts.clock;
		this.#randomId = parts.randomId;
		this.#select = selectWith('createCursor', parts.select);
		this.#entrance = new Entrance('__cursor:', parts.onError);
		this.#shared = parts.shared;
		this.#onError = parts.onError;
	}

	/** Shows a connection the cursors of a topic, now and from now on. */
	attach(ws: Connection, topic: string, platform: Platform): void {
		if (this.#takes(topic) && this.#entrance.join(ws, topic)) this.snapshot(ws, topic, platform);
	}

	/** The opposite; the connection's own cursor goes as well. */
	detach(ws: Connection, topic: string, _platform?: Platform): void {
		const pointer = this.#pointers.get(ws);
		if (pointer) this.#drop(ws, pointer, topic);
		if (this.#takes(topic)) this.#entrance.leave(ws, topic);
	}

	/** Moves the cursor of a connection. A bad topic and a position that is too large or no JSON change nothing. */
	update(ws: Connection, topic: string, data: unknown, platform: Platform): void {
		const text = this.#encode(data);
		if (text === undefined || !this.#takes(topic)) return;
		const pointer = this.#point(ws, topic, platform);
		if (!pointer) return;
		const cursor = pointer.cursors.get(topic) ?? { text, sentAt: -Infinity, timer: undefined };
		pointer.cursors.set(topic, cursor);
		cursor.text = text;
		if (cursor.timer) return;
		const wait = cursor.sentAt + this.#limits.throttle - this.#clock.now();
		if (wait <= 0) return this.#tell(pointer, topic, cursor);
		cursor.timer = this.#clock.after(wait, () => {
			cursor.timer = undefined;
			this.#tell(pointer, topic, cursor);
		});
	}

	/** Takes the cursors of a connection away, and tells each topic. */
	remove(ws: Connection, _platform?: Platform): void {
		const pointer = this.#pointers.get(ws);
		if (pointer) for (const topic of [...pointer.cursors.keys()]) this.#drop(ws, pointer, topic);
	}

	/** Sends one connection all cursors of a topic. */
	snapshot(ws: Connection, topic: string, platform: Platform): void {
		if (!this.#takes(topic)) return;
		const list = this.#shared ? this.#shared.list(topic) : this.list(topic);
		goOn(list, (cursors) => void platform.send(ws, this.#entrance.of(topic), 'snapshot', cursors), this.#onError);
	}

	/** Copies of the cursors that this process has of a topic. */
	list(topic: string): CursorEntry[] {
		return [...(this.#topics.get(topic) ?? [])].map((ws) => {
			const pointer = this.#pointers.get(ws)!;
			return entry(pointer, pointer.cursors.get(topic)!);
		});
	}

	/** Forgets every cursor and stops the timers; nobody is told. */
	clear(): void {
		for (const { cursors } of this.#pointers.values()) for (const { timer } of cursors.values()) timer?.[Symbol.dispose]();
		this.#pointers.clear();
		this.#topics.clear();
		this.#shared?.clear();
	}

	readonly hooks: CursorHooks = {
		message: (ws: Connection, context: MessageContext) => {
			const frame = readFrame(context, 'cursor');
			if (frame?.['type'] !== 'cursor' && frame?.['type'] !== 'cursor-snapshot') return false;
			const { topic, data = frame['position'], type } = frame;
			const { platform } = context;
			if (!this.#takes(topic)) return true;
			const wasIn = this.#entrance.has(ws, topic);
			const isMove = type === 'cursor';
			const run = (): void => {
				if (!isMove) this.#entrance.remember(ws, topic);
				if (!this.#entrance.has(ws, topic)) this.attach(ws, topic, platform);
				else if (!isMove && wasIn) this.snapshot(ws, topic, platform);
				if (isMove) this.update(ws, topic, data, platform);
			};
			this.#entrance.admit(ws, topic, platform, run, type);
			return true;
		},
		subscribe: (ws: Connection, topic: string, { platform, checking }: SubscribeContext) => {
			if (!checking) this.attach(ws, this.#entrance.plain(topic) ?? topic, platform);
		},
		unsubscribe: (ws: Connection, topic: string, { platform }: HookContext) => {
			const plain = this.#entrance.plain(topic);
			this.detach(ws, plain ?? topic);
			if (plain !== undefined) this.#entrance.forget(ws, plain);
			else this.#entrance.left(ws, topic, platform, () => this.#follow(ws, topic, platform));
		},
		close: (ws: Connection) => this.remove(ws)
	};

	#follow(ws: Connection, topic: string, platform: Platform): void {
		this.#entrance.remember(ws, topic);
		this.attach(ws, topic, platform);
	}

	#takes(topic: unknown): topic is string {
		return this.#entrance.takes(topic) && topic.length <= this.#limits.maxTopicLength;
	}

	#encode(data: unknown): string | undefined {
		try {
			const text = JSON.stringify(data) as string | undefined;
			if (text === undefined) return undefined;
			// A unit is three bytes at most.
			const { maxDataBytes } = this.#limits;
			return text.length * 3 <= maxDataBytes || new TextEncoder().encode(text).length <= maxDataBytes ? text : undefined;
		} catch {
			return undefined;
		}
	}

	/** Whose cursor it is; `undefined` for somebody who has gone already. */
	#point(ws: Connection, topic: string, platform: Platform): Pointer | undefined {
		const { maxConnections, maxTopics } = this.#limits;
		let pointer = this.#pointers.get(ws);
		if (!pointer) {
			if (ws.signal.aborted) return undefined;
			// Before anything else goes: it may throw.
			const user = this.#select(ws.getUserData());
			if (this.#pointers.size >= maxConnections) this.remove(this.#pointers.keys().next().value!);
			pointer = { key: this.#randomId(), user, platform, cursors: new Map<string, Cursor>() };
		}
		if (!this.#topics.has(topic) && this.#topics.size >= maxTopics) this.#empty(this.#topics.keys().next().value!);
		const connections = this.#topics.get(topic) ?? new Set<Connection>();
		this.#topics.set(topic, connections.add(ws));
		this.#pointers.set(ws, pointer);
		return pointer;
	}

	#tell(pointer: Pointer, topic: string, cursor: Cursor): void {
		cursor.sentAt = this.#clock.now();
		const shown = entry(pointer, cursor);
		this.#shared?.put(topic, shown);
		pointer.platform.publish(this.#entrance.of(topic), 'update', shown, { seq: false });
	}

	#drop(ws: Connection, pointer: Pointer, topic: string): void {
		const cursor = pointer.cursors.get(topic);
		if (!cursor) return;
		cursor.timer?.[Symbol.dispose]();
		pointer.cursors.delete(topic);
		if (pointer.cursors.size === 0) this.#pointers.delete(ws);
		const connections = this.#topics.get(topic)!;
		connections.delete(ws);
		if (connections.size === 0) this.#topics.delete(topic);
		const { key, platform } = pointer;
		// Not before it is off the list, or who comes meanwhile would keep it for ever.
		goOn(
			this.#shared?.drop(topic, key),
			() => void platform.publish(this.#entrance.of(topic), 'remove', { key }, { seq: false }),
			this.#onError
		);
	}

	#empty(topic: string): void {
		for (const ws of [...this.#topics.get(topic)!]) this.#drop(ws, this.#pointers.get(ws)!, topic);
	}
}

function entry({ key, user }: Pointer, { text }: Cursor): CursorEntry {
	return { key, user, data: fromText(text) };
}
