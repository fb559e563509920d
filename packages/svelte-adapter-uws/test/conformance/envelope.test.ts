import { envelopeSuite } from 'conformance/wire/envelope';
import { overWebSocket, Refused, type OpenWire, type WireSubject } from 'conformance/wire/client';
import { wireHooks } from 'conformance/wire/hooks';
import { vectorSuite } from 'conformance/wire/vectors';
import type { Listener } from '../../src/contract/transport.ts';
import { createServerCore } from '../../src/core/server.ts';
import { systemClock } from '../../src/host/clock.ts';
import { RefusedHandshake } from '../../src/transport/memory/handshake.ts';
import type { MemoryListener } from '../../src/transport/memory/index.ts';
import { counterId, testStores, OPTIONS } from '../support/core.ts';
import { memoryLog, memoryTelemetry } from '../support/log.ts';
import { SOCKET_OPTIONS, wireTransports } from '../support/transports.ts';

const ORIGIN = 'http://app.example';

function inMemory(listener: Listener): OpenWire {
	return async (query, headers) => {
		const peer = await (listener as MemoryListener).connect(`/ws${query}`, headers).catch((error: unknown) => {
			throw error instanceof RefusedHandshake ? new Refused(error.status, error.body) : error;
		});
		return {
			send: (frame) => peer.send(frame),
			close: (code) => peer.close(code),
			drop: () => peer.drop(),
			get onFrame() {
				return peer.onmessage;
			},
			set onFrame(listener) {
				peer.onmessage = listener;
			},
			get onClose() {
				return peer.onclose;
			},
			set onClose(listener) {
				peer.onclose = listener;
			}
		};
	};
}

for (const transport of await wireTransports()) {
	const subject: WireSubject = {
		name: transport.name,
		create: async () => {
			const core = await createServerCore({
				listen: (handler) => transport.listen({ host: '127.0.0.1', port: 0, sockets: { handler, options: SOCKET_OPTIONS } }),
				hooks: wireHooks(),
				clock: systemClock(),
				log: memoryLog(),
				telemetry: memoryTelemetry(),
				options: { ...OPTIONS, origin: { allowed: 'same-origin', expectedOrigin: () => ORIGIN } },
				randomId: counterId(),
				stores: testStores()
			});
			const open =
				transport.name === 'memory' ? inMemory(core.listener) : overWebSocket(`ws://127.0.0.1:${core.listener.port}/ws`);
			return { open, origin: ORIGIN, [Symbol.asyncDispose]: () => core[Symbol.asyncDispose]() };
		}
	};
	envelopeSuite(subject);
	vectorSuite(subject);
}
