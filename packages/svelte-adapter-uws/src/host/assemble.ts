import type { Bus } from '../contract/bus.ts';
import type { Clock } from '../contract/clock.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { ResolvedWebSocketOptions } from '../contract/options.ts';
import type { Peers } from '../contract/peers.ts';
import type { Stores } from '../contract/stores.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { ListenOptions, Listener, UpgradeRequest } from '../contract/transport.ts';
import type { ServerCore } from '../core/parts.ts';
import { createServerCore } from '../core/server.ts';
import { memoryStores } from '../service/memory-stores.ts';
import { systemClock } from './clock.ts';
import { readMemory } from './memory.ts';
import { createRandomId } from './random-id.ts';

/** What a host decides: where the sockets come from, whose they are, and who hears of them. */
export interface AssembleParts {
	/** Starts listening; `sockets` is what a transport needs to serve the endpoint. */
	readonly listen: (sockets: NonNullable<ListenOptions['sockets']>) => Promise<Listener>;
	readonly websocket: ResolvedWebSocketOptions;
	readonly hooks: WebSocketHooks;
	/** What same-origin means for one request; `undefined` = cannot tell, and nobody passes. */
	readonly expectedOrigin: (request: UpgradeRequest) => string | undefined;
	/** Default: the socket's address. */
	readonly clientAddress?: (request: UpgradeRequest) => string;
	/** Milliseconds that a client has for its reply to a request which names no time; absent = 5,000. */
	readonly requestTimeoutMs?: number;
	/** Milliseconds that the `shutdown` hook may take; absent = no limit. */
	readonly shutdownTimeoutMs?: number;
	readonly log: Log;
	readonly clock?: Clock;
	readonly telemetry?: Telemetry;
	readonly bus?: Bus;
	readonly peers?: Peers;
	/** Default: in memory, for this server alone. */
	readonly stores?: Stores;
}

/** Joins a transport, the hooks and the options into a running server. Resolves once `init` has run. */
export function assemble(parts: AssembleParts): Promise<ServerCore> {
	const { websocket, clock = systemClock() } = parts;
	const randomId = createRandomId();
	return createServerCore({
		listen: (handler) => parts.listen({ handler, options: websocket }),
		hooks: parts.hooks,
		clock,
		log: parts.log,
		telemetry: parts.telemetry ?? (() => {}),
		pressure: websocket.pressure ? { options: websocket.pressure, memory: readMemory } : undefined,
		bus: parts.bus,
		peers: parts.peers,
		stores: parts.stores ?? memoryStores(randomId(), clock, randomId, { replay: websocket.replay }),
		options: {
			origin: { allowed: websocket.allowedOrigins, expectedOrigin: parts.expectedOrigin },
			clientAddress: parts.clientAddress ?? ((request) => request.remoteAddress),
			maxPayloadLength: websocket.maxPayloadLength,
			upgradeRate: { limit: websocket.upgradeRateLimit, windowMs: websocket.upgradeRateLimitWindow * 1000 },
			admission: websocket.upgradeAdmission,
			authenticateOwnPagesOnly: websocket.authPathRequireOrigin,
			hookTimeoutMs: websocket.hookTimeout * 1000,
			upgradeTimeoutMs: websocket.upgradeTimeout * 1000,
			requestTimeoutMs: parts.requestTimeoutMs,
			shutdownTimeoutMs: parts.shutdownTimeoutMs,
			allowSystemTopicSubscribe: websocket.allowSystemTopicSubscribe,
			allowNonAsciiTopics: websocket.allowNonAsciiTopics,
			throwsAssertions: process.env['VITEST'] !== undefined || process.env['NODE_ENV'] === 'test'
		},
		randomId
	});
}
