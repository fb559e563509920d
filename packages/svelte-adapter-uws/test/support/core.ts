import type { Bus } from '../../src/contract/bus.ts';
import type { Clock } from '../../src/contract/clock.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import type { Listener, SocketEvents, SocketHandler, UpgradeDecision, UpgradeRequest } from '../../src/contract/transport.ts';
import type { Peers } from '../../src/contract/peers.ts';
import type { Stores } from '../../src/contract/stores.ts';
import type { ServerCore, ServerOptions, ServerParts } from '../../src/core/parts.ts';
import { memoryStores } from '../../src/service/memory-stores.ts';
import { createServerCore } from '../../src/core/server.ts';
import type { Accepted } from '../../src/core/upgrade.ts';
import { TestClock } from './clock.ts';
import { memoryLog, memoryTelemetry } from './log.ts';
import { FakeEngine, type FakeSocket } from './socket.ts';

export const OPTIONS: ServerOptions = {
	origin: { allowed: '*', expectedOrigin: () => undefined },
	clientAddress: (request) => request.remoteAddress,
	maxPayloadLength: 16_384,
	authenticateOwnPagesOnly: true,
	upgradeTimeoutMs: 10_000,
	hookTimeoutMs: 30_000,
	upgradeRate: { limit: 0, windowMs: 10_000 },
	admission: { maxConcurrent: 0, perTickBudget: 0, maxConnections: 0 },
	allowSystemTopicSubscribe: false,
	allowNonAsciiTopics: false,
	throwsAssertions: true
};

/** Ids that a test can foresee: `id1`, `id2`, … */
export function counterId(): () => string {
	let n = 0;
	return () => `id${++n}`;
}

/** Stores of a node called `node`. */
export const testStores = (clock: Clock = new TestClock()): Stores => memoryStores('node', clock, counterId());

export function upgradeRequest(
	headers: Record<string, string> = {},
	signal: AbortSignal = new AbortController().signal
): UpgradeRequest {
	return { url: '/ws?x=1', headers, header: (name) => headers[name] ?? '', remoteAddress: '127.0.0.1', signal };
}

/** One client of a core on the fake engine. */
export interface FakeClient {
	readonly socket: FakeSocket;
	readonly events: SocketEvents;
	/** Sends a frame; objects as JSON. */
	say(frame: unknown): void;
	/** What came since the last call, after the end of the turn. Text is parsed. */
	heard(): any[];
	/** The connection goes away. */
	leave(code?: number): void;
}

/** A core on the fake engine with its clock, log and telemetry. */
export async function startCore(
	hooks: WebSocketHooks = {},
	given: {
		readonly options?: Partial<ServerOptions>;
		readonly bus?: Bus;
		readonly peers?: Peers;
		readonly stores?: Stores;
		readonly pressure?: ServerParts['pressure'];
	} = {}
) {
	const engine = new FakeEngine();
	const clock = new TestClock();
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	let handler: SocketHandler<Accepted> | undefined;
	let accepting = true;
	let isDisposed = false;
	const listener: Listener = {
		port: 0,
		publish: (topic, frame) => engine.publish(topic, frame),
		stopAccepting: () => void (accepting = false),
		[Symbol.asyncDispose]: async () => {
			isDisposed = true;
			for (const socket of engine.sockets) socket.terminate();
		}
	};
	const core: ServerCore = await createServerCore({
		listen: async (sockets) => ((handler = sockets as SocketHandler<Accepted>), listener),
		hooks,
		clock,
		log,
		telemetry,
		options: { ...OPTIONS, ...given.options },
		randomId: counterId(),
		stores: given.stores ?? testStores(clock),
		...(given.bus && { bus: given.bus }),
		...(given.peers && { peers: given.peers }),
		...(given.pressure && { pressure: given.pressure })
	});
	const upgrade = async (request: UpgradeRequest = upgradeRequest()): Promise<UpgradeDecision<Accepted>> =>
		handler!.upgrade(request);
	const connect = async (headers?: Record<string, string>): Promise<FakeClient> => {
		const decision = await upgrade(upgradeRequest(headers));
		if (!decision.accept) throw new Error(`${decision.status} ${decision.body}`);
		return open(decision.data);
	};
	const open = (data: Accepted): FakeClient => {
		const socket = engine.socket();
		const events = handler!.open(socket, data);
		// As the engines do: a close that happens while the socket opens is told once it has opened.
		if (socket.closed) events.closed(socket.closed[0] ?? 1005, socket.closed[1] ?? '');
		socket.onClose = (code, reason) => events.closed(code, reason);
		let read = 0;
		return {
			socket,
			events,
			say: (frame) => events.message(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
			heard: () => {
				clock.turn();
				const fresh = socket.frames.slice(read);
				read = socket.frames.length;
				return fresh.map((frame) => (typeof frame === 'string' ? JSON.parse(frame) : frame));
			},
			leave: (code = 1001) => socket.close(code, '')
		};
	};
	/** A client whose welcome has been read. */
	const join = async (headers?: Record<string, string>): Promise<FakeClient> => {
		const client = await connect(headers);
		client.heard();
		return client;
	};
	return {
		core,
		platform: core.platform,
		engine,
		clock,
		log,
		telemetry,
		upgrade,
		open,
		connect,
		join,
		accepting: () => accepting,
		disposed: () => isDisposed
	};
}

/** Lets everything that waits for promises go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
