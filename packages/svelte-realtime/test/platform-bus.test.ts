import type { Platform, PublishMessage, PublishOptions, Stores } from 'svelte-adapter-uws/contract';
import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { detach, runtimeOf } from '../src/attach.ts';
import { setBus } from '../src/cluster.ts';
import type { Definition } from '../src/define/definition.ts';
import { live } from '../src/define/live.ts';
import { realtime } from '../src/hooks.ts';
import { publish } from '../src/publish.ts';
import type { ClusterBus } from '../src/relay.ts';

/** What brings messages from one instance to all others, as Redis does for the buses of the extensions. */
function createChannel() {
	const receivers = new Map<ClusterBus, (messages: readonly PublishMessage[]) => void>();
	return (): ClusterBus & { activate(platform: Platform): void } => {
		const bus = {
			wrap(platform: Platform): Platform {
				const send = (messages: readonly PublishMessage[]): void => {
					const outgoing = JSON.stringify(messages.filter(({ options }) => options?.relay !== false));
					for (const [other, receive] of receivers) if (other !== bus) queueMicrotask(() => receive(JSON.parse(outgoing)));
				};
				// While the bus is up, workers next to this one hear of it by the bus as well.
				const here = (options?: PublishOptions): PublishOptions => ({ ...options, relay: false });
				const publish: Platform['publish'] = (topic, event, data, options) => {
					send([{ topic, event, data, ...(options ? { options } : {}) }]);
					return platform.publish(topic, event, data, here(options));
				};
				const publishBatched: Platform['publishBatched'] = (messages) => {
					send(messages);
					platform.publishBatched(messages.map((message) => ({ ...message, options: here(message.options) })));
				};
				return Object.create(platform, { publish: { value: publish }, publishBatched: { value: publishBatched } }) as Platform;
			},
			activate(platform: Platform) {
				receivers.set(bus, (messages) => {
					const brought = { relay: false };
					if (messages.length === 1) {
						const { topic, event, data } = messages[0]!;
						platform.publish(topic, event, data, brought);
					} else platform.publishBatched(messages.map(({ topic, event, data }) => ({ topic, event, data, options: brought })));
				});
			}
		};
		return bus;
	};
}

/** One instance of an app, with a client. */
async function createInstance(
	bus: ClusterBus & { activate(platform: Platform): void },
	definitions: Readonly<Record<string, Definition>>,
	stores?: Stores
) {
	const { init, message, unsubscribe } = realtime({ bus });
	const server = await createTestServer({
		transport: 'memory',
		...(stores ? { stores } : {}),
		handler: {
			init,
			message,
			unsubscribe
		}
	});
	const { platform } = server;
	for (const [path, definition] of Object.entries(definitions)) runtimeOf(platform).install(path, definition);
	const peer = await server.connect();
	const frames: any[] = [];
	peer.onmessage = (frame) => void frames.push(JSON.parse(String(frame)));
	const follow = async (path: string, more: object = {}): Promise<any> => {
		const id = `${path} ${frames.length}`;
		peer.send(JSON.stringify({ rpc: path, id, stream: true, ...more }));
		return vi.waitFor(() => {
			const reply = frames.find(({ event }) => event === id)?.data;
			expect(reply).toMatchObject({ ok: true });
			return reply;
		});
	};
	return {
		platform,
		follow,
		/** The data of what the client heard on a topic. */
		heard: (topic: string): unknown[] => frames.filter((frame) => frame.topic === topic).map(({ data }) => data),
		async [Symbol.asyncDispose]() {
			detach(platform);
			await server.close();
		}
	};
}

/** Instances that share nothing but a bus. */
async function createInstances(count: number, definitions: (instance: number) => Readonly<Record<string, Definition>>) {
	const join = createChannel();
	const instances: Awaited<ReturnType<typeof createInstance>>[] = [];
	for (let i = 0; i < count; i++) instances.push(await createInstance(join(), definitions(i)));
	return {
		instances,
		async [Symbol.asyncDispose]() {
			for (const instance of instances) await instance[Symbol.asyncDispose]();
		}
	};
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (const count of [1, 2, 4])
	it(`runs an effect once for each event over a bus of the app, of ${count} instances on the one that published`, async () => {
		const ran: string[] = [];
		await using app = await createInstances(count, (i) => ({
			'm/effect': live.effect(['orders'], (_event, data) => void ran.push(`${data} on ${i}`)),
			'm/open': live.derived(['orders'], () => ran.length),
			'm/after': live.effect(['m/open'], () => void ran.push(`after on ${i}`)),
			'm/each': live.effect(['each'], (_event, data) => void ran.push(`${data} on ${i}`), { scope: 'every-instance' })
		}));
		const last = count - 1;
		app.instances[last]!.platform.publish('orders', 'created', 'a');
		await settle();
		await settle();
		expect(ran).toEqual([`a on ${last}`, `after on ${last}`]);
		ran.length = 0;
		app.instances[0]!.platform.publishBatched([
			{ topic: 'orders', event: 'created', data: 'b' },
			{ topic: 'orders', event: 'created', data: 'c' }
		]);
		await settle();
		await settle();
		expect(ran.filter((line) => !line.startsWith('after'))).toEqual(['b on 0', 'c on 0']);
		ran.length = 0;
		app.instances[0]!.platform.publish('each', 'e', 'd');
		await vi.waitFor(() => expect(ran.toSorted()).toEqual(app.instances.map((_, i) => `d on ${i}`)));
	});

it('brings each client every value of derived and aggregated streams once, over a bus of the app', async () => {
	let orders = 0;
	await using app = await createInstances(3, () => ({
		'm/open': live.derived(['orders'], () => orders),
		'm/sales': live.aggregate('orders', { n: { init: () => 0, reduce: (n: number) => n + 1 } }, { topic: 'sales' })
	}));
	for (const instance of app.instances) {
		await instance.follow('m/open');
		await instance.follow('m/sales');
	}
	for (const { platform } of app.instances) {
		orders++;
		platform.publish('orders', 'created');
		await settle();
		await settle();
	}
	for (const { heard } of app.instances) {
		expect(heard('m/open')).toEqual([1, 2, 3]);
		expect(heard('sales')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
	}
});

it('loads a stream again on each instance for its own clients, over a bus of the app, so that nothing older comes after', async () => {
	const loads: number[] = [0, 0, 0];
	let version = 0;
	await using app = await createInstances(3, (i) => ({
		'm/s': live.stream('t', () => [{ id: version, load: loads[i]!++ }], { invalidateOn: 'imports' })
	}));
	for (const { follow } of app.instances.slice(0, 2)) await follow('m/s');
	version = 1;
	app.instances[2]!.platform.publish('imports', 'done');
	const [one, two] = app.instances;
	await vi.waitFor(() => expect([one!.heard('t'), two!.heard('t')]).toEqual([[[{ id: 1, load: 1 }]], [[{ id: 1, load: 1 }]]]));
	version = 2;
	one!.platform.publish('imports', 'done');
	await vi.waitFor(() => expect(loads).toEqual([3, 3, 0]));
	await settle();
	expect(one!.heard('t').at(-1)).toEqual([{ id: 2, load: 2 }]);
	expect(loads).toEqual([3, 3, 0]);
});

it('takes what a bridge brings to every instance as published by the leader, and without one by each', async () => {
	setBus(null);
	const ran: string[] = [];
	const leads = [false, true];
	const bring = async (leader: boolean): Promise<string[]> => {
		for (const i of [0, 1]) {
			const { init, message } = realtime(leader ? { leader: () => leads[i]! } : {});
			await using server = await createTestServer({ transport: 'memory', handler: { init, message } });
			runtimeOf(server.platform).install(
				'm/effect',
				live.effect(['orders'], () => void ran.push(`on ${i}`))
			);
			// As a bridge to a database does, which tells each of its listeners.
			server.platform.publish('orders', 'created', 1, { relay: false });
			await settle();
			detach(server.platform);
		}
		return ran.splice(0);
	};
	expect(await bring(true)).toEqual(['on 1']);
	expect(await bring(false)).toEqual(['on 0', 'on 1']);
});

it('counts what the app publishes for one instance alone as its own, with a bus too', async () => {
	const ran: string[] = [];
	await using app = await createInstances(2, (i) => ({
		'm/effect': live.effect(['orders'], () => void ran.push(`on ${i}`))
	}));
	// The newest server of the process.
	publish('orders', 'created', 1, { relay: false });
	await settle();
	await settle();
	expect([ran, app.instances.length]).toEqual([['on 1'], 2]);
});

it('keeps each event once behind a bus of the app, also of workers that share their stores', async () => {
	const join = createChannel();
	await using memory = await createTestServer({ transport: 'memory' });
	const { stores } = memory.platform;
	const definitions = { 'm/log': live.stream('log', () => ['loaded'], { merge: 'latest', replay: true }) };
	await using one = await createInstance(join(), definitions, { ...stores, node: 'one' });
	await using two = await createInstance(join(), definitions, { ...stores, node: 'two' });
	const places = [await one.follow('m/log'), await two.follow('m/log')];
	expect(places).toMatchObject([{ seq: 0 }, { seq: 0 }]);
	one.platform.publish('log', 'said', 1);
	await vi.waitFor(() => expect(two.heard('log')).toEqual([1]));
	two.platform.publish('log', 'said', 2);
	await vi.waitFor(() => expect(one.heard('log')).toEqual([1, 2]));
	one.platform.publishBatched([3, 4].map((data) => ({ topic: 'log', event: 'said', data })));
	for (const [i, { heard, follow }] of [one, two].entries()) {
		await vi.waitFor(() => expect(heard('log')).toEqual([1, 2, 3, 4]));
		const { ep } = places[i];
		const missed = [2, 3, 4].map((seq) => ({ topic: 'log', event: 'said', data: seq, seq }));
		expect(await follow('m/log', { seq: 1, ep })).toMatchObject({ replay: true, seq: 4, ep, data: missed });
		expect(await follow('m/log', { seq: 4, ep })).toMatchObject({ replay: true, data: [] });
		// The numbers of another worker say nothing here, nor do those of a client that does not say whose they are.
		for (const place of [{ seq: 1, ep: places[1 - i].ep }, { seq: 1 }])
			expect(await follow('m/log', place)).toMatchObject({ replay: false, data: ['loaded'] });
	}
});
