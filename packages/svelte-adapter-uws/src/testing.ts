export { createChaosState, type ChaosConfig, type ChaosScenario, type ChaosState, type LastingChaos } from './host/chaos.ts';
export { manualClock, type ManualClock } from './host/clock.ts';
export { memoryBus, type MemoryBus } from './host/memory-bus.ts';
export {
	createTestServer,
	type ReceivedMessage,
	type TestPlatform,
	type TestServer,
	type TestServerOptions
} from './host/testing.ts';
export {
	collapseByCoalesceKey,
	completeEnvelope,
	createScopedTopic,
	esc,
	isValidWireTopic,
	resolveRequestId,
	wrapBatchEnvelope
} from './host/test-helpers.ts';
export {
	WS_CAPS,
	WS_COALESCED,
	WS_PENDING_REQUESTS,
	WS_PLATFORM,
	WS_REQUEST_ID_KEY,
	WS_SESSION_ID,
	WS_STATS,
	WS_SUBSCRIPTIONS
} from './core/slots.ts';
export type { MemoryPeer } from './transport/memory/socket.ts';
