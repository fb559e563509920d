/**
 * What crossing from one worker process to another costs: a call of a store in the primary, one after the other and many at once, and
 * relayed events a second, signed and not. Run with `node bench/micro/host/cluster.bench.ts`.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { processChannel, type Channel } from '../../../packages/svelte-adapter-uws/src/host/cluster/channel.ts';
import { Hub } from '../../../packages/svelte-adapter-uws/src/host/cluster/hub.ts';
import { connectStores } from '../../../packages/svelte-adapter-uws/src/host/cluster/store-client.ts';
import { serveStores } from '../../../packages/svelte-adapter-uws/src/host/cluster/store-server.ts';
import { WorkerBus } from '../../../packages/svelte-adapter-uws/src/host/cluster/worker-bus.ts';
import { systemClock } from '../../../packages/svelte-adapter-uws/src/host/clock.ts';
import { consoleLog } from '../../../packages/svelte-adapter-uws/src/host/log.ts';
import { createRandomId } from '../../../packages/svelte-adapter-uws/src/host/random-id.ts';
import { memoryStores } from '../../../packages/svelte-adapter-uws/src/service/memory-stores.ts';

const CALLS = 5_000;
const EVENTS = 200_000;
const PER_TURN = 100;
const DATA = JSON.stringify({ id: 5, text: 'a note that somebody wrote', at: 1_790_000_000_000 });

const [role, secret] = process.argv.slice(2);
const overflowed = (): void => console.log('something was lost');
const clock = systemClock();
const busOn = (channel: Channel): WorkerBus => new WorkerBus({ channel, secret, clock, log: consoleLog(), telemetry: () => {} });

if (role === 'publish') {
	const channel = processChannel(process, overflowed);
	const { lock, rateLimit } = connectStores('worker', channel);
	let began = performance.now();
	for (let n = 0; n < CALLS; n++) await lock.acquire(`k${n}`, 60_000);
	console.log(`store call, one after the other: ${(((performance.now() - began) * 1000) / CALLS).toFixed(0)} µs each`);
	began = performance.now();
	const rule = { points: 10, intervalMs: 1_000 };
	await Promise.all(Array.from({ length: CALLS }, (_, n) => rateLimit.take(`k${n}`, 1, rule)));
	console.log(`store call, ${CALLS} at once:       ${(((performance.now() - began) * 1000) / CALLS).toFixed(0)} µs each`);
	const bus = busOn(channel);
	for (let seq = 1; seq <= EVENTS; seq++) {
		bus.relay([{ topic: 'notes', head: `{"topic":"notes","event":"created","data":${DATA}`, position: { epoch: 'a', seq } }]);
		if (seq % PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
	}
} else if (role === 'receive') {
	let heard = 0;
	let began = 0;
	const receive = (): void => {
		if (heard++ === 0) began = performance.now();
		if (heard < EVENTS) return;
		const perSecond = EVENTS / ((performance.now() - began) / 1000);
		console.log(`relayed events${secret ? ', signed' : ''}: ${Math.round(perSecond / 1000)}k a second, ${PER_TURN} a turn`);
		process.disconnect();
	};
	await busOn(processChannel(process, overflowed)).start(receive, () => {});
} else {
	for (const signed of [[], ['a secret of the benchmark']]) {
		const hub = new Hub();
		const stores = memoryStores('primary', clock, createRandomId());
		const [receiver, publisher] = ['receive', 'publish'].map((what) => {
			const child = fork(fileURLToPath(import.meta.url), [what, ...signed], { serialization: 'advanced' });
			const channel = processChannel(child, overflowed);
			hub.join(channel);
			serveStores(stores, channel);
			return child;
		});
		await once(receiver!, 'exit');
		publisher!.kill();
	}
}
