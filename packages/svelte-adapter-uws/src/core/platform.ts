import type { Connection, UpgradeTerms } from '../contract/connection.ts';
import type { Log } from '../contract/log.ts';
import type { BatchedMessage, Platform, PublishOptions, RequestOptions, TopicHelper } from '../contract/platform.ts';
import { encodeData, encodePrefix } from '../protocol/envelope-codec.ts';
import type { Everywhere } from '../contract/peers.ts';
import type { Stores } from '../contract/stores.ts';
import type { Audience } from './audience.ts';
import { ServerConnection } from './connection.ts';
import type { Histories } from './histories.ts';
import { isThenable } from './isolation.ts';
import type { Pressure } from './pressure.ts';
import type { Publisher } from './publisher.ts';
import type { Shapes } from './shapes.ts';
import type { SlowPolicies } from './slow-policies.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Taps } from './taps.ts';

export interface PlatformParts {
	readonly requestId: string;
	readonly epoch: string;
	readonly maxPayloadLength: number;
	readonly publisher: Publisher;
	readonly audience: Audience;
	readonly subscriptions: Subscriptions;
	readonly taps: Taps;
	readonly shapes: Shapes;
	readonly histories: Histories;
	readonly connections: ReadonlySet<ServerConnection>;
	readonly log: Log;
	readonly stores: Stores;
	readonly everywhere: Everywhere;
	readonly revoke: Platform['revoke'];
	readonly renew: (connection: ServerConnection, terms: UpgradeTerms) => boolean;
	readonly slow: SlowPolicies;
	readonly pressure: Pressure;
	readonly assertions: ReadonlyMap<string, number>;
}

/** The platform of one server: a thin face over its parts, made of functions that can be detached from it. */
export function createPlatform(parts: PlatformParts): Platform {
	const { publisher, audience, subscriptions, taps, connections, log } = parts;
	const warned = new Set<string>();

	const publish = (topic: string, event: string, data?: unknown, options?: PublishOptions): boolean =>
		publisher.publish(topic, event, data, options);

	/** Says once of each mistake that the filter counts as no. */
	const refuse = (mistake: 'returned a promise' | 'threw', details?: unknown): false => {
		if (!warned.has(mistake))
			log.error(`A filter of sendTo ${mistake}, which counts as no. It must answer at once, from the user data alone.`, details);
		warned.add(mistake);
		return false;
	};
	const passes = (filter: (userData: any) => boolean, connection: ServerConnection): boolean => {
		try {
			const verdict: unknown = filter(connection.getUserData());
			if (!isThenable(verdict)) return Boolean(verdict);
			void Promise.resolve(verdict).catch(() => {});
			return refuse('returned a promise');
		} catch (error) {
			return refuse('threw', error);
		}
	};

	return {
		requestId: parts.requestId,
		epoch: parts.epoch,
		maxPayloadLength: parts.maxPayloadLength,
		stores: parts.stores,
		everywhere: parts.everywhere,
		revoke: parts.revoke,
		renew: (ws, terms) => parts.renew(own(ws), terms),
		get connections() {
			return connections.size;
		},
		publish,
		batch: (messages) => messages.map(({ topic, event, data, options }) => publish(topic, event, data, options)),
		publishBatched: (messages) => {
			if (Array.isArray(messages) && messages.length > 0) publisher.publishTogether(collapse(messages));
		},
		send: (ws, topic, event, data) => own(ws).sendFrame(encodeDirect(topic, event, data)),
		sendCoalesced: (ws, message) => own(ws).sendCoalesced(message),
		sendTo: (filter, topic, event, data) =>
			sendFrame(connections, (connection) => passes(filter, connection), encodeDirect(topic, event, data)),
		// Async, so that everything that is wrong rejects.
		request: async <Reply>(ws: Connection, event: string, data?: unknown, options?: RequestOptions) =>
			(await own(ws).request(event, data, options)) as Reply,
		subscribe: (ws, topic) => subscriptions.join(own(ws), topic),
		checkSubscribe: (ws, topic) => subscriptions.check(own(ws), topic),
		unsubscribe: (ws, topic) => subscriptions.leave(own(ws), topic),
		subscribers: (topic) => audience.of(topic)?.size ?? 0,
		bufferedAmount: (ws) => ws.getBufferedAmount(),
		whenSlow: (topics, policy) => parts.slow.add(topics, policy),
		assertions: parts.assertions,
		get pressure() {
			return parts.pressure.snapshot;
		},
		onPressure: (listener) => parts.pressure.onPressure(listener),
		onPublishRate: (listener) => parts.pressure.onPublishRate(listener),
		topic: (name) => createTopicHelper(publish, name),
		tap: (tap, topics) => taps.add(tap, topics),
		shape: (topic, shape, views) => parts.shapes.add(topic, shape, views),
		keep: (topics, options) => parts.histories.add(topics, options),
		gate: (gate) => subscriptions.gate(gate)
	};
}

/** The frame of an event for one client; without a position. */
export function encodeDirect(topic: string, event: string, data: unknown): string {
	// Not the publisher's remembered prefixes: the events of direct sends are often ids that never come again.
	return `${encodePrefix(topic, event)}${encodeData(data)}}`;
}

/** Sends to each connection that passes; gives how many it was not dropped for. */
export function sendFrame(
	connections: Iterable<ServerConnection>,
	passes: (connection: ServerConnection) => boolean,
	frame: string
): number {
	let sent = 0;
	for (const connection of connections) if (passes(connection) && connection.sendFrame(frame) !== 2) sent++;
	return sent;
}

/** Makes the same platform for each request or connection, with an id of its own. */
export function createDerivedPlatforms(base: Platform): (requestId: string) => Platform {
	// One class for all: made by descriptor, each would cost many times as much.
	class DerivedPlatform {
		readonly requestId: string;

		constructor(requestId: string) {
			this.requestId = requestId;
		}
	}
	Object.setPrototypeOf(DerivedPlatform.prototype, base);
	return (requestId) => new DerivedPlatform(requestId) as Platform;
}

function own(ws: Connection): ServerConnection {
	if (ws instanceof ServerConnection) return ws;
	throw new TypeError('Not a connection of this server. Hand over the ws that a hook was given.');
}

/** A topic with its name bound. */
export function createTopicHelper(publish: Platform['publish'], name: string): TopicHelper {
	return {
		publish: (event, data) => publish(name, event, data),
		created: (data) => publish(name, 'created', data),
		updated: (data) => publish(name, 'updated', data),
		deleted: (data) => publish(name, 'deleted', data),
		set: (value) => publish(name, 'set', value),
		increment: (by = 1) => publish(name, 'increment', by),
		decrement: (by = 1) => publish(name, 'decrement', by)
	};
}

/** Of several messages with one `coalesceKey` only the last stays, at its own place. The same list when no message has a key. */
export function collapse(messages: readonly BatchedMessage[]): readonly BatchedMessage[] {
	if (!messages.some(({ coalesceKey }) => coalesceKey !== undefined)) return messages;
	const last = new Map(messages.map(({ coalesceKey }, i) => [coalesceKey, i]));
	return messages.filter(({ coalesceKey }, i) => coalesceKey === undefined || last.get(coalesceKey) === i);
}
