import { busSuite, type BusFixture } from 'conformance/bus';
import { Hub } from '../../src/host/cluster/hub.ts';
import { WorkerBus } from '../../src/host/cluster/worker-bus.ts';
import { memoryBus } from '../../src/host/memory-bus.ts';
import { TestClock } from '../support/clock.ts';
import { memoryLog } from '../support/log.ts';
import { channelPair } from '../support/workers.ts';

busSuite({
	name: 'memory',
	create: async () => {
		const bus = memoryBus();
		return { join: async () => bus.join(), [Symbol.asyncDispose]: async () => {} };
	}
});

const relay = (secret?: string) => async (): Promise<BusFixture & AsyncDisposable> => {
	const hub = new Hub();
	const lines = new DisposableStack();
	return {
		join: async () => {
			const [primary, channel] = channelPair();
			lines.use(primary);
			lines.use(hub.join(primary));
			return new WorkerBus({ channel, secret, clock: new TestClock(), log: memoryLog(), telemetry: () => {} });
		},
		[Symbol.asyncDispose]: async () => lines.dispose()
	};
};
busSuite({ name: 'workers', create: relay() });
busSuite({ name: 'workers, signed', create: relay('a secret of all workers') });
