import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Listener, Socket, SocketEvents, SocketHandler } from '../contract/transport.ts';
import { encodeWelcome } from '../protocol/control.ts';
import { Admission } from './admission.ts';
import { Assertions } from './assertions.ts';
import { Audience } from './audience.ts';
import { Authentication } from './authentication.ts';
import { ByteCounter } from './byte-counter.ts';
import { createEverywhere, createRevoke, reply, type Local } from './everywhere.ts';
import { FanOut } from './fan-out.ts';
import { bid, type Farewell } from './farewell.ts';
import { Histories } from './histories.ts';
import { createReport, type Limit } from './isolation.ts';
import { Lifecycle } from './lifecycle.ts';
import type { ServerCore, ServerParts } from './parts.ts';
import { createDerivedPlatforms, createPlatform, encodeDirect, sendFrame } from './platform.ts';
import { Pressure } from './pressure.ts';
import { PublishCounts } from './publish-counts.ts';
import { Publisher } from './publisher.ts';
import { Revocations } from './revocations.ts';
import { Refill } from './refill.ts';
import { Sequencer } from './sequencer.ts';
import { Session, type SessionParts } from './session.ts';
import { Shapes } from './shapes.ts';
import { SizeWarning } from './size-warning.ts';
import { inSlices } from './slices.ts';
import { SlowPolicies } from './slow-policies.ts';
import { Subscriptions } from './subscriptions.ts';
import { Taps } from './taps.ts';
import { UpgradeRate } from './upgrade-rate.ts';
import { Upgrades, type Accepted } from './upgrade.ts';
import { within } from './within.ts';

/**
 * Builds a server out of its parts and starts it: listens, starts the bus, and awaits the `init` hook. Rejects with what
 * went wrong, and with nothing left running.
 */
export async function createServerCore(parts: ServerParts): Promise<ServerCore> {
	const { bus, peers, stores, clock, log, telemetry, options, randomId } = parts;
	let listener: Listener | undefined;

	const sessions = new Set<Session>();
	const assertions = new Assertions(log, telemetry, options.throwsAssertions ?? false);
	const { violated } = assertions;
	const slow = new SlowPolicies();
	const audience = new Audience(sessions, (topic) => slow.of(topic), violated);
	const report = createReport({ clock, log, telemetry, assertions });
	const taps = new Taps(report, log, telemetry);
	const shapes = new Shapes();
	const histories = new Histories({ store: stores.replay, node: stores.node, report });
	const sequencer = new Sequencer(randomId().slice(0, 12), log, telemetry);
	const fanOut = new FanOut(audience, (topic, frame) => listener?.publish(topic, frame));
	const sizeWarning = new SizeWarning(clock, log, telemetry);
	const watched = parts.pressure?.options;
	const counts = new PublishCounts(Boolean(watched?.topicPublishRatePerSec || watched?.topicPublishBytesPerSec));
	const limit: Limit = (work) => within(clock, options.hookTimeoutMs, work);
	const publisher = new Publisher({
		counts,
		audience,
		sequencer,
		fanOut,
		shapes,
		histories,
		taps,
		sizeWarning,
		violated,
		bus,
		clock,
		store: histories,
		limit,
		report,
		telemetry,
		lost: (topic) => {
			for (const shown of shapes.shownOn(topic)) {
				const frame = encodeDirect(`__replay:${shown}`, 'truncated', null);
				for (const { socket } of audience.membersOf(shown)) publisher.send(socket, frame);
			}
		}
	});
	const { order } = publisher;
	// What the store keeps is not what sockets get of a topic with a shape.
	const canFill = (topic: string): boolean => histories.has(topic) && !shapes.has(topic);
	const subscriptions = new Subscriptions({
		report,
		limit,
		telemetry,
		enter: (topic) => order.enter(topic),
		position: (topic) => (canFill(topic) ? order.position(topic) : undefined),
		...options
	});
	const { epoch } = sequencer;
	const { maxPayloadLength } = options;
	const revocations = new Revocations({ sessions, handshakeMs: options.upgradeTimeoutMs, clock, telemetry });
	const local: Local = {
		connections: () => sessions.size,
		subscribers: (topic) => audience.of(topic)?.size ?? 0,
		send: (passes, frame) => sendFrame(sessions, passes, frame),
		revoke: (match) => revocations.revoke(match),
		encode: encodeDirect
	};
	const pressure = new Pressure({
		watch: parts.pressure,
		connections: () => sessions.size,
		subscriptions: () => audience.held,
		counts,
		clock,
		log,
		failed: (error) => report('pressure', error)
	});
	const platform = createPlatform({
		publisher,
		audience,
		subscriptions,
		taps,
		shapes,
		histories,
		slow,
		pressure,
		assertions: assertions.counts,
		log,
		epoch,
		maxPayloadLength,
		stores,
		everywhere: createEverywhere(local, peers),
		revoke: createRevoke(local, peers),
		renew: (connection, terms) => connection instanceof Session && connection.renew(terms),
		requestId: randomId(),
		connections: sessions
	});

	const { shutdownTimeoutMs = 0 } = options;
	const closeAll = (farewell: Farewell): Promise<void> => {
		upgrades.refusePending();
		const withinMs = shutdownTimeoutMs > 0 ? shutdownTimeoutMs / 2 : Infinity;
		const connections = sessions.size;
		return inSlices([...sessions], (session) => bid(session, farewell, connections), { clock, withinMs });
	};
	const lifecycle = new Lifecycle({
		hooks: parts.hooks,
		platform,
		clock,
		report,
		shutdownTimeoutMs,
		closeAll,
		listener: () => listener
	});
	const rate = new UpgradeRate({ ...options.upgradeRate, peers, clock, log, telemetry });
	const hooks = (): WebSocketHooks => lifecycle.hooks;
	const upgrades = new Upgrades({
		hooks,
		options,
		clock,
		log,
		telemetry,
		report,
		randomId,
		rate,
		admission: new Admission(options.admission, clock, () => sessions.size),
		revocations: () => revocations.count
	});

	const platformFor = createDerivedPlatforms(platform);
	const authentication = new Authentication({ hooks, options, rate, clock, telemetry, report, platformFor, randomId });

	const sessionParts: SessionParts = {
		publisher,
		audience,
		subscriptions,
		report,
		limit,
		telemetry,
		randomId,
		bytes: new ByteCounter(),
		refill: new Refill({ store: stores.replay, canFill, order, subscriptions, taps, report, limit }),
		noTopics: new Set(),
		requestTimeoutMs: options.requestTimeoutMs,
		platformFor,
		clock,
		ended: (session) => void sessions.delete(session)
	};

	const handler: SocketHandler<Accepted> = {
		upgrade: (request) => upgrades.decide(request),
		open(socket: Socket, accepted: Accepted): SocketEvents {
			const { session: known } = accepted.terms;
			const farewell =
				lifecycle.farewell(accepted.hooks) ??
				revocations.farewell(accepted.revocations, { session: known, getUserData: () => accepted.userData });
			// Who came too late is not opened, so nothing must hear of its close either.
			const session = new Session(sessionParts, socket, farewell ? {} : accepted.hooks, accepted);
			sessions.add(session);
			accepted.slot.release();
			telemetry({ name: 'socket.open' });
			session.sendFrame(encodeWelcome(session.id, epoch, maxPayloadLength));
			if (farewell) bid(session, farewell, sessions.size);
			else session.opened();
			return session;
		}
	};

	const started = (listener = await parts.listen(handler));
	let relay: AsyncDisposable | undefined;
	let answering: Disposable | undefined;
	const stop = async (): Promise<void> => {
		pressure[Symbol.dispose]();
		order[Symbol.dispose]();
		answering?.[Symbol.dispose]();
		rate[Symbol.dispose]();
		await relay?.[Symbol.asyncDispose]();
		await started[Symbol.asyncDispose]();
	};
	try {
		answering = peers?.answer((question) => reply(local, question));
		relay = await bus?.start(
			(messages) => publisher.receive(messages),
			() => void order.check()
		);
		await lifecycle.init();
		pressure.start();
	} catch (error) {
		upgrades.refusePending();
		await stop();
		throw error;
	}

	return {
		platform,
		listener: started,
		authentication,
		platformFor,
		replaceHooks: (next) => lifecycle.replace(next),
		drain: () => lifecycle.drain(),
		async [Symbol.asyncDispose]() {
			await lifecycle.drain();
			await stop();
		}
	};
}
