import { envelopeSuite } from 'conformance/wire/envelope';
import { overWebSocket, Refused, type OpenWire, type WireSocket } from 'conformance/wire/client';
import { wireHooks } from 'conformance/wire/hooks';
import type { Listener } from '../../src/contract/transport.ts';
import { createServerCore } from '../../src/core/server.ts';
import { systemClock } from '../../src/host/clock.ts';
import type { MemoryListener } from '../../src/transport/memory/index.ts';
import { counterId, OPTIONS } from '../support/core.ts';
import { memoryLog, memoryTelemetry } from '../support/log.ts';
import { SOCKET_OPTIONS, wireTransports } from '../support/transports.ts';

const ORIGIN = 'http://app.example';

function inMemory(listener: Listener): OpenWire {
	return async (query, headers) => {
		const peer = await (listener as MemoryListener).connect(`/ws${query}`, headers).catch((error: Error) => {
			const [, status, body] = /^(\d+) (.*)$/.exec(error.message) ?? [];
			throw new Refused(Number(status), body ?? '');
		});
		const socket: WireSocket = {
			send: (frame) => peer.send(frame),
			close: (code) => peer.close(code),
			drop: () => peer.close(1006),
			onFrame: () => {},
			onClose: () => {}
		};
		peer.onmessage = (frame) => socket.onFrame(frame);
		peer.onclose = (code, reason) => socket.onClose(code, reason);
		return socket;
	};
}

for (const transport of await wireTransports()) {
	envelopeSuite({
		name: transport.name,
		create: async () => {
			const core = await createServerCore({
				listen: (handler) => transport.listen({ host: '127.0.0.1', port: 0, sockets: { handler, options: SOCKET_OPTIONS } }),
				hooks: wireHooks(),
				clock: systemClock(),
				log: memoryLog(),
				telemetry: memoryTelemetry(),
				options: { ...OPTIONS, origin: { allowed: 'same-origin', expectedOrigin: () => ORIGIN } },
				randomId: counterId()
			});
			const open = transport.name === 'memory' ? inMemory(core.listener) : overWebSocket(`ws://127.0.0.1:${core.listener.port}/ws`);
			return { open, origin: ORIGIN, [Symbol.asyncDispose]: () => core[Symbol.asyncDispose]() };
		}
	});
}
