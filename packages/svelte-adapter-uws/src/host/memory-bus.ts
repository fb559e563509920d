import type { Bus } from '../contract/bus.ts';
import type { Encoded } from '../contract/envelope.ts';

/** Joins servers of one process, each with a bus of its own from `join`. */
export interface MemoryBus {
	join(): Bus;
}

/**
 * A bus without a service, for several servers in one process.
 * @example const bus = memoryBus(); const a = await createTestServer({ bus: bus.join() }); const b = await createTestServer({ bus: bus.join() })
 */
export function memoryBus(): MemoryBus {
	const nodes = new Map<Bus, (messages: readonly Encoded[]) => void>();
	return {
		join() {
			const bus: Bus = {
				start(receive) {
					nodes.set(bus, receive);
					return Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve(void nodes.delete(bus)) });
				},
				relay(messages) {
					for (const [other, receive] of nodes) if (other !== bus) receive(messages);
				}
			};
			return bus;
		}
	};
}
