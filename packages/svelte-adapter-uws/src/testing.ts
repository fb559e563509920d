export { manualClock, type ManualClock } from './host/clock.ts';
export { memoryBus, type MemoryBus } from './host/memory-bus.ts';
export { createTestServer, type ReceivedMessage, type TestServer, type TestServerOptions } from './host/testing.ts';
export type { MemoryPeer } from './transport/memory/socket.ts';
