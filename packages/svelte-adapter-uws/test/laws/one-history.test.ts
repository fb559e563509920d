import { expect, it, vi } from 'vitest';
import type { Bus } from '../../src/contract/bus.ts';
import { Hub } from '../../src/host/cluster/hub.ts';
import { connectStores } from '../../src/host/cluster/store-client.ts';
import { serveStores } from '../../src/host/cluster/store-server.ts';
import { WorkerBus } from '../../src/host/cluster/worker-bus.ts';
import { systemClock } from '../../src/host/clock.ts';
import { createRandomId } from '../../src/host/random-id.ts';
import { createTestServer, type TestServer } from '../../src/host/testing.ts';
import { memoryStores } from '../../src/service/memory-stores.ts';
import { memoryLog } from '../support/log.ts';
import { channelPair } from '../support/workers.ts';

const EVENTS = 40;

/** A bus that loses and repeats what it carries, each by a chance. */
function unreliable(bus: Bus, chance: number): Bus {
	return {
		start: (...hears) => bus.start(...hears),
		relay(message) {
			if (Math.random() < chance) return;
			bus.relay(message);
			if (Math.random() < chance) bus.relay(message);
		}
	};
}

/** Workers whose stores and bus are those of a primary, over lines as between processes. */
async function startWorkers(
	count: number,
	chance: number
): Promise<{ readonly servers: readonly TestServer[] } & AsyncDisposable> {
	const stack = new AsyncDisposableStack();
	const hub = new Hub();
	const clock = systemClock();
	const primary = memoryStores('primary', clock, createRandomId());
	const servers: TestServer[] = [];
	for (let n = 0; n < count; n++) {
		const [up, down] = channelPair();
		stack.use(up);
		stack.use(serveStores(primary, up));
		stack.use(hub.join(up));
		const stores = stack.use(connectStores(`worker ${n}`, down));
		const bus = new WorkerBus({ channel: down, clock, log: memoryLog(), telemetry: () => {} });
		const server = await createTestServer({ transport: 'memory', bus: unreliable(bus, chance), stores, log: memoryLog() });
		servers.push(stack.use(server));
		server.platform.keep((topic) => topic.startsWith('kept'));
	}
	return { servers, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A client of a worker that holds a topic; gives the numbers and the data that it hears. */
async function listen(server: TestServer, topic: string): Promise<readonly [seq: number, data: string][]> {
	const heard: [number, string][] = [];
	const acknowledged = Promise.withResolvers<void>();
	const peer = await server.connect();
	peer.onmessage = (frame) => {
		const message = JSON.parse(String(frame));
		if (message.type === 'subscribed') acknowledged.resolve();
		else if (message.topic === topic) heard.push([message.seq, message.data]);
	};
	peer.send(JSON.stringify({ type: 'subscribe', topic, ref: 1 }));
	await acknowledged.promise;
	return heard;
}

it.each([
	{ workers: 2, chance: 0 },
	{ workers: 4, chance: 0 },
	{ workers: 3, chance: 0.2 }
])(
	'all clients of $workers workers hear one history while all publish and $chance of it is lost',
	async ({ workers, chance }) => {
		await using cluster = await startWorkers(workers, chance);
		const { servers } = cluster;
		const clients = await Promise.all(servers.flatMap((server) => [listen(server, 'kept'), listen(server, 'kept')]));
		const tapped = servers.map(({ platform }) => {
			const seen: unknown[] = [];
			platform.tap(({ position, data }) => void seen.push([position?.seq, data]));
			return seen;
		});
		await Promise.all(
			servers.map(async ({ platform }, n) => {
				for (let i = 0; i < EVENTS; i++) {
					platform.publish('kept', 'e', `${n}:${i}`);
					if (Math.random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
				}
			})
		);
		const all = workers * EVENTS;
		// What is behind the last loss is noticed with the next event.
		await vi.waitFor(
			async () => {
				if (chance > 0) servers[0]!.platform.publish('kept', 'e', 'more');
				for (const heard of [...clients, ...tapped]) expect(heard.length).toBeGreaterThanOrEqual(all);
			},
			{ interval: 60 }
		);
		const [reference] = clients;
		expect(reference!.map(([seq]) => seq)).toEqual(reference!.map((_, i) => i + 1));
		for (const heard of [...clients, ...tapped]) expect(heard.slice(0, all)).toEqual(reference!.slice(0, all));
		for (let n = 0; n < workers; n++) {
			const own = reference!.map(([, data]) => data).filter((data) => data.startsWith(`${n}:`));
			expect(own).toEqual(Array.from({ length: EVENTS }, (_, i) => `${n}:${i}`));
		}
	}
);
