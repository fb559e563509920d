import type { Connection, UpgradeTerms } from './connection.ts';
import type { Envelope, Position } from './envelope.ts';
import type { Everywhere, Match } from './peers.ts';
import type { Stores } from './stores.ts';
import type { ReplayStore } from './store/replay.ts';

/** Where a published envelope came from: this node, or another one. */
export type Origin = 'local' | 'remote';

export interface PublishOptions {
	/** `false`: this node only; of a kept topic others may still read the event in the history. Default true. */
	readonly relay?: boolean;
	/** `false`: no position, and the topic's counter does not move. Default true. */
	readonly seq?: boolean;
	/**
	 * `remote`: another node has published the event, and a bridge brings it to this one, as to every other. It is relayed no further,
	 * and taps hear where it came from. Default `local`.
	 */
	readonly origin?: Origin;
	/** Hears the position of the envelope, once it has one and before anybody gets it. What it throws is reported, and stops nothing. */
	readonly stamped?: (position: Position) => void;
}

/** One message of `batch` and `publishBatched`. */
export interface PublishMessage {
	readonly topic: string;
	readonly event: string;
	readonly data?: unknown;
	readonly options?: PublishOptions;
}

export interface BatchedMessage extends PublishMessage {
	/** Of several messages with one key only the last is sent, at its own place. */
	readonly coalesceKey?: string;
}

/** A topic with its name bound. Each method publishes the event of its name. */
export interface TopicHelper {
	publish(event: string, data?: unknown): boolean;
	created(data: unknown): boolean;
	updated(data: unknown): boolean;
	deleted(data: unknown): boolean;
	set(value: unknown): boolean;
	/** `by` defaults to 1. */
	increment(by?: number): boolean;
	decrement(by?: number): boolean;
}

/** How long `request` waits, and what ends it early. */
export interface RequestOptions {
	/** Milliseconds; anything but a finite number above 0 is the default. Default 5,000. */
	readonly timeoutMs?: number;
	/** Once it aborts, the request rejects with its reason; a reply that comes later is ignored. */
	readonly signal?: AbortSignal;
}

/** Why a `request` failed. `REFUSED`: the client answered with an error, whose text is the message. */
export interface RequestError extends Error {
	readonly code: 'REFUSED' | 'TIMEOUT' | 'CLOSED' | 'NOT_DELIVERED' | 'LIMIT';
}

export type Tap = (envelope: Envelope, origin: Origin) => void;

/** One value of `sendCoalesced`. */
export interface CoalescedMessage {
	/** Of several values of one connection with this key only the last is kept while it waits. */
	readonly key: string;
	readonly topic: string;
	readonly event: string;
	readonly data?: unknown;
}

/**
 * What becomes of an event for a client that does not read fast enough: `drop` loses it; `coalesce` keeps the last of the topic and
 * sends that once the client reads again; `close` ends the connection with 4429, so that the client comes back and resumes.
 */
export type SlowPolicy = 'drop' | 'coalesce' | 'close';

/** Why a worker is under pressure; of several the first in this order: memory, publish rate, subscribers. */
export type PressureReason = 'NONE' | 'MEMORY' | 'PUBLISH_RATE' | 'SUBSCRIBERS';

/** How often one topic was published. */
export interface TopicPublishRate {
	readonly topic: string;
	readonly messagesPerSec: number;
	/** Size of the envelopes as text, which is their bytes where they are ASCII. */
	readonly bytesPerSec: number;
}

/** How this worker was doing when it was last looked at. Frozen. */
export interface PressureSnapshot {
	/** Whether there is a reason. */
	readonly active: boolean;
	readonly reason: PressureReason;
	/** Topics held for each connection. */
	readonly subscriberRatio: number;
	/** Publishes of this worker a second. */
	readonly publishRate: number;
	/** Resident memory of the process in MiB. */
	readonly memoryMB: number;
	/** Up to five topics with the most publishes, the busiest first. */
	readonly topPublishers: readonly TopicPublishRate[];
}

/** What leaves for the sockets of this node in the place of an envelope. */
export interface Shaped {
	/** Default the topic of the envelope. */
	readonly topic?: string;
	readonly event: string;
	readonly data: unknown;
	/** `false`: without the position of the envelope. */
	readonly seq?: boolean;
	/** Of several of one topic that wait with one key, only the last leaves, at its own place. */
	readonly coalesceKey?: string;
}

/**
 * Decides what the sockets of this node get of one topic, whichever node published: `undefined` = the envelope as it is, a list =
 * what stands in it, `null` = the envelope is dropped, and this publish reaches nobody, other nodes and taps included. What it throws,
 * the publish throws; of an envelope of another node it is reported. The answer is there at once, never a promise.
 */
export type Shape = (event: string, data: unknown, origin: Origin) => readonly Shaped[] | undefined | null;

/** Options of `platform.keep`. */
export interface KeepOptions {
	/**
	 * Read for each event: whether this node keeps it for itself, although it shares its store, because others are brought it by other
	 * ways than through this server and keep it as well. A client that comes back to another node loads afresh then. Default false.
	 */
	readonly isApart?: () => boolean;
}

/** Topics whose events are kept, and what is kept of them on this node. */
export type Keeping = Disposable & Pick<ReplayStore, 'current' | 'since'>;

/**
 * Whether a client may join a topic that it asks for by itself. With a promise the answer comes later, and the frames that follow
 * are handled meanwhile. A gate that throws or rejects says no.
 */
export type Gate = (ws: Connection, topic: string) => boolean | Promise<boolean>;

/** `event.platform` in SvelteKit and `platform` in every hook. Methods work when detached from the object. */
export interface Platform {
	/** Correlation id of the request or connection this object was made for. */
	readonly requestId: string;
	/** Id of this server's sequence space: positions of another epoch do not compare. */
	readonly epoch: string;
	/** Live sockets of this worker. */
	readonly connections: number;
	/** Largest inbound frame in bytes. */
	readonly maxPayloadLength: number;
	/** What all nodes of this app know together: presence, replay, rate limits, locks, results, sessions, leases, who is where. */
	readonly stores: Stores;
	/**
	 * Sends an event to every subscriber of a topic, on every node. True when this node has a subscriber or the event was relayed.
	 * Throws a TypeError for a bad name or data that JSON cannot carry; nothing is sent then.
	 * @example platform.publish('orders', 'created', order)
	 */
	publish(topic: string, event: string, data?: unknown, options?: PublishOptions): boolean;
	/** `publish` for each message; one result each. */
	batch(messages: readonly PublishMessage[]): boolean[];
	/** Publishes messages that belong together: clients that can take it get one frame with exactly the events of their own topics. */
	publishBatched(messages: readonly BatchedMessage[]): void;
	/** To one client; without a position. 1 = sent, 0 = buffered, 2 = dropped. */
	send(ws: Connection, topic: string, event: string, data?: unknown): 0 | 1 | 2;
	/**
	 * To one client that may read slowly: sent at once where there is room, otherwise the value waits, and a newer one with its key takes
	 * its place. Encoded when it leaves. At most 10,000 keys of a connection wait; over it the oldest value is given up.
	 * @example platform.sendCoalesced(ws, { key: `price:${id}`, topic: 'prices', event: 'set', data: price })
	 */
	sendCoalesced(ws: Connection, message: CoalescedMessage): void;
	/** To every client of this worker whose user data passes `filter`. Gives the number sent. */
	sendTo(filter: (userData: any) => boolean, topic: string, event: string, data?: unknown): number;
	/**
	 * Asks one client and waits for its reply, which is the client's word: check it before you use it. Rejects with a `RequestError`:
	 * the client refused, did not reply in time, is gone, or has no room for the frame; with the signal's reason when it aborts; with a
	 * TypeError for data that JSON cannot carry.
	 * @example const { ok } = await platform.request<{ ok: boolean }>(ws, 'confirm', { op: 'delete' }, { timeoutMs: 30_000 })
	 */
	request<Reply = unknown>(ws: Connection, event: string, data?: unknown, options?: RequestOptions): Promise<Reply>;
	/** Joins through the `subscribe` hook. `null` = joined; otherwise the reason for the denial. */
	subscribe(ws: Connection, topic: string): Promise<string | null>;
	/** Asks what a subscribe frame of this client would ask, the gates of libraries and the `subscribe` hook, without joining. */
	checkSubscribe(ws: Connection, topic: string): Promise<string | null>;
	unsubscribe(ws: Connection, topic: string): boolean;
	/** `connections`, `subscribers` and `sendTo` over all workers of this machine. */
	readonly everywhere: Everywhere;
	/**
	 * Closes every connection, on all workers of this machine, whose user data has these values by `===`, with 4401: clients do not come
	 * back by themselves. `session` is also compared with that of `upgradeResponse`. Nothing is delivered or handled afterwards, and whoever
	 * is being let in meanwhile does not get in. Gives the number closed; a worker that does not say so within two seconds closes all the
	 * same. Rejects with a TypeError for an empty match and for what cannot travel.
	 * @example await platform.revoke({ user: user.id })
	 */
	revoke(match: Match): Promise<number>;
	/**
	 * Takes other terms for a connection, for example because its client has shown a fresh token: a later end, another session. What is
	 * absent stays as it was, and what is over already closes it with 4401. False when it is closed; throws a TypeError for what is no
	 * time and no session.
	 * @example platform.renew(ws, { expiresAt: token.expiresAt })
	 */
	renew(ws: Connection, terms: UpgradeTerms): boolean;
	/** Subscribers of a topic on this worker. */
	subscribers(topic: string): number;
	/** Bytes that wait until the client reads; 0 once closed. */
	bufferedAmount(ws: Connection): number;
	/**
	 * Says what becomes of the events of a topic, or with `*` at the end of all topics that begin so, for a client that does not read fast
	 * enough. Default `drop`. Say it in `init`: a topic that somebody holds keeps what it had. With `coalesce` and `close` this server
	 * writes to each subscriber by itself, which costs more than the engine's fan-out. Dispose to stop.
	 * @example platform.whenSlow('orders:*', 'close')
	 */
	whenSlow(topics: string, policy: SlowPolicy): Disposable;
	/**
	 * How often something went wrong inside this worker, by category: `hook.<name>` for hooks that failed, every other for an invariant
	 * that did not hold, which is a bug of this package. It changes as you read it.
	 */
	readonly assertions: ReadonlyMap<string, number>;
	topic(name: string): TopicHelper;
	/** How this worker is doing; all zero and `NONE` before the first sample, and where nothing is sampled. Reading it costs nothing. */
	readonly pressure: PressureSnapshot;
	/** Calls back when the reason of the pressure has changed. Gives a function that ends it. */
	onPressure(listener: (snapshot: PressureSnapshot) => void): () => void;
	/**
	 * Calls back once in each interval with all topics that were published too often. Gives a function that ends it. Without a listener
	 * there is a warning in the log, once a minute for each topic.
	 */
	onPublishRate(listener: (topics: readonly TopicPublishRate[]) => void): () => void;
	/**
	 * Sees every envelope that is published or received on this node, after it was fanned out; with `topics` those of the topics that
	 * it says yes to at once, which spares reading the others. A tap that throws or rejects is reported, and nobody else is affected. Dispose
	 * to stop.
	 */
	tap(tap: Tap, topics?: (topic: string) => boolean): Disposable;
	/**
	 * Shapes what the sockets of this node get of a topic; what is relayed and tapped stays as it was published. `views` gives the other
	 * topics that the shape sends to at present: who holds one of them hears as well that events of the topic are lost. Throws when the
	 * topic has a shape already. Dispose to stop.
	 */
	shape(topic: string, shape: Shape, views?: () => Iterable<string>): Disposable;
	/**
	 * Has `stores.replay` number and keep the events of topics, whoever publishes them on this node: they leave when it has, with its
	 * position, and every node shows them in the order of their numbers; what the bus does not bring is read from the store. What the store
	 * fails to keep leaves all the same. The function is asked again and again and answers at once; one that throws or gives a promise says no.
	 * Say it on every node alike. Dispose to stop. `current` and `since` read what is kept.
	 */
	keep(topics: (topic: string) => boolean, options?: KeepOptions): Keeping;
	/**
	 * Guards topics that belong to a library: asked about every subscribe frame of a client, and by `checkSubscribe`, before the `subscribe`
	 * hook, which the app may not export. False denies with `FORBIDDEN`. Dispose to stop.
	 */
	gate(gate: Gate): Disposable;
}
