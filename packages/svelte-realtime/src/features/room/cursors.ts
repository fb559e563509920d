import type { Connection } from 'svelte-adapter-uws/contract';
import type { Host } from '../../runtime/host.ts';

/** Milliseconds after which a cursor that stood still is not shown to newcomers. */
const STILL_MS = 60_000;

/** A cursor that a connection of this node moves. */
interface Moving {
	readonly topic: string;
	readonly key: string;
	/** Runs for `throttle` milliseconds from each position that was sent. */
	window?: Disposable;
	/** What came meanwhile. */
	next?: { readonly position: unknown };
}

interface Seen {
	readonly position: unknown;
	readonly at: number;
}

/** The topic on which the cursors of a room move. */
export const cursorTopic = (topic: string): string => `${topic}:cursors`;

/** Where the cursors of one definition's rooms are: those that connections of this node move, and what is heard of all others. */
export class Cursors implements Disposable {
	readonly #host: Host;
	readonly #throttle: number;
	readonly #moving = new Map<string, Moving>();
	readonly #seen = new Map<string, Map<string, Seen>>();

	constructor(host: Host, throttle: number) {
		this.#host = host;
		this.#throttle = throttle;
	}

	/** A connection moved its cursor. Sent at once, or the newest at the end of the window. */
	move(ws: Connection, topic: string, key: string, position: unknown): void {
		const id = `${topic}\n${ws.id}`;
		const moving = this.#moving.get(id) ?? { topic, key };
		this.#moving.set(id, moving);
		if (moving.window) moving.next = { position };
		else this.#send(moving, position);
	}

	/** The connection has left the room, and its cursor with it. */
	leave(ws: Connection, topic: string): void {
		const id = `${topic}\n${ws.id}`;
		const moving = this.#moving.get(id);
		if (!moving) return;
		moving.window?.[Symbol.dispose]();
		this.#moving.delete(id);
		this.#host.platform.publish(cursorTopic(topic), 'remove', { key: moving.key });
	}

	/** Takes in what was published on the topic of a room's cursors, by whichever node. */
	hear(topic: string, event: string, data: unknown): void {
		const key = (data as { readonly key?: unknown } | null | undefined)?.key;
		if (typeof key !== 'string') return;
		const { maxCursorsPerRoom, maxCursorRooms } = this.#host.app.limits;
		const cursors = this.#seen.get(topic) ?? new Map<string, Seen>();
		// Those that moved last come last.
		cursors.delete(key);
		if (event === 'update') cursors.set(key, { position: (data as { readonly data?: unknown }).data, at: this.#host.now() });
		if (cursors.size > maxCursorsPerRoom) cursors.delete(cursors.keys().next().value!);
		this.#seen.delete(topic);
		if (cursors.size > 0) this.#seen.set(topic, cursors);
		if (this.#seen.size > maxCursorRooms) this.#seen.delete(this.#seen.keys().next().value!);
	}

	/** Cursors of a room that moved within the last minute. */
	list(topic: string): { readonly key: string; readonly data: unknown }[] {
		const since = this.#host.now() - STILL_MS;
		return [...(this.#seen.get(cursorTopic(topic)) ?? [])]
			.filter(([, { at }]) => at >= since)
			.map(([key, { position }]) => ({ key, data: position }));
	}

	[Symbol.dispose](): void {
		for (const { window } of this.#moving.values()) window?.[Symbol.dispose]();
		this.#moving.clear();
		this.#seen.clear();
	}

	#send(moving: Moving, position: unknown): void {
		moving.window = this.#host.after(this.#throttle, () => {
			const { next } = moving;
			delete moving.window;
			delete moving.next;
			if (next) this.#send(moving, next.position);
		});
		this.#host.platform.publish(cursorTopic(moving.topic), 'update', { key: moving.key, data: position }, { seq: false });
	}
}
