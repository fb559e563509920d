export { createChaosState, type ChaosConfig, type ChaosState, type LastingChaos } from './host/chaos.ts';
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
export type { MemoryPeer } from './transport/memory/socket.ts';
