import { runInThisContext } from 'node:vm';
import type { Platform } from 'svelte-adapter-uws/contract';
import { createTestServer } from 'svelte-adapter-uws/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { _activateDerived, setCronPlatform } from './activate.ts';
import { detach, runtimeOf } from './attach.ts';
import { configureAggregate, configureCron, setBus } from './cluster.ts';
import { live } from './define/live.ts';
import { generation } from './build/emit/server-manifest.ts';
import { realtime } from './hooks.ts';
import { onError } from './on-error.ts';
import { getBus, publish } from './publish.ts';
import type { ClusterBus } from './relay.ts';

afterEach(() => configureCron(null));

/** A bus as the extensions make it: it wraps the platform by its prototype, and writes down what it would send. */
function createBus() {
	const relayed: unknown[] = [];
	const bus: ClusterBus & { deliver?: (topic: string) => void } = {
		wrap(platform) {
			const publish: Platform['publish'] = (topic, event, data, options) => {
				if (options?.relay !== false) relayed.push([topic, event, data]);
				return platform.publish(topic, event, data, options) || true;
			};
			return Object.create(platform, {
				publish: { value: publish },
				batch: {
					value: (messages: []) => messages.map(({ topic, event, data, options }) => publish(topic, event, data, options))
				},
				publishBatched: {
					value: (messages: []) => void messages.map(({ topic, event, data, options }) => publish(topic, event, data, options))
				},
				topic: { value: (name: string) => ({ set: (data: unknown) => publish(name, 'set', data) }) }
			});
		}
	};
	return { bus, relayed };
}

it('relays each publish once, whoever makes it, and leaves the platform as it was', async () => {
	const { bus, relayed } = createBus();
	const { init, shutdown, message } = realtime({ bus });
	await using server = await createTestServer({ transport: 'memory', handler: { init, message } });
	const { platform } = server;
	runtimeOf(platform).install(
		'm/say',
		live((ctx) => ctx.publish('t', 'from', 'handler'))
	);
	runtimeOf(platform).install(
		'm/job',
		live.cron('0 0 1 1 *', 't', () => 'timer', { runOnInit: true })
	);
	const seen: unknown[] = [];
	platform.tap(({ data }) => void seen.push(data));
	const peer = await server.connect();
	peer.send('{"rpc":"m/say","id":"1"}');
	await vi.waitFor(() => expect(relayed).toHaveLength(2));
	expect(relayed).toEqual(
		expect.arrayContaining([
			['t', 'set', 'timer'],
			['t', 'from', 'handler']
		])
	);
	const request: Platform = Object.create(platform);
	request.publish('t', 'from', 'request');
	request.topic('t').set('helper');
	request.batch([{ topic: 't', event: 'from', data: 'batch' }]);
	request.publishBatched([{ topic: 't', event: 'from', data: 'batched' }]);
	expect(relayed.slice(2).map((entry) => (entry as unknown[])[2])).toEqual(['request', 'helper', 'batch', 'batched']);
	// From another instance, as a bus delivers it.
	platform.publish('t', 'from', 'elsewhere', { relay: false });
	expect(relayed).toHaveLength(6);
	expect(seen).toHaveLength(7);
	shutdown({ platform });
	platform.publish('t', 'from', 'after');
	expect(relayed).toHaveLength(6);
	expect(seen).toHaveLength(8);
});

it('takes the bus of setBus from the next publish on, and prefers that of realtime', async () => {
	const [ambient, own] = [createBus(), createBus()];
	await using first = await createTestServer({ transport: 'memory', handler: { init: realtime().init } });
	await using second = await createTestServer({ transport: 'memory', handler: { init: realtime({ bus: own.bus }).init } });
	setBus(ambient.bus);
	first.platform.publish('t', 'e', 1);
	second.platform.publish('t', 'e', 2);
	expect([ambient.relayed, own.relayed]).toEqual([[['t', 'e', 1]], [['t', 'e', 2]]]);
	setBus(null);
	first.platform.publish('t', 'e', 3);
	expect(ambient.relayed).toHaveLength(1);
	expect(getBus()).toBe(own.bus);
	detach(second.platform);
	expect(getBus()).toBe(null);
	setBus(ambient.bus);
	expect(getBus()).toBe(ambient.bus);
	publish('t', 'e', 4);
	expect(ambient.relayed).toHaveLength(2);
	detach(first.platform);
	expect(getBus()).toBe(ambient.bus);
});

it.each([
	['realtime', (leader: () => boolean) => realtime({ leader })],
	['configureCron', (leader: () => boolean) => (configureCron({ leader }), realtime())]
])('asks the leader of %s before a timer runs', async (_name, make) => {
	let asked = 0;
	const { init } = make(() => (asked++, false));
	await using server = await createTestServer({ transport: 'memory', handler: { init } });
	runtimeOf(server.platform).install(
		'm/job',
		live.cron('0 0 1 1 *', 't', () => 1, { runOnInit: true })
	);
	await vi.waitFor(() => expect(asked).toBe(1));
	detach(server.platform);
});

it('starts the live modules of apps that write their own hooks', async () => {
	for (const activate of [setCronPlatform, _activateDerived]) {
		await using server = await createTestServer({ transport: 'memory', handler: { init: ({ platform }) => activate(platform) } });
		expect(Reflect.ownKeys(server.platform)).toContain(Symbol.for('svelte-realtime.runtime'));
		detach(server.platform);
		expect(() => activate(null as never)).toThrow(/no platform/);
	}
});

it('refuses what is no bus and no leader', () => {
	expect(() => setBus({} as never)).toThrow(/wrap\(platform\)/);
	expect(() => realtime({ bus: 1 as never })).toThrow(/realtime\(\{ bus \}\)/);
	expect(() => realtime({ leader: true as never })).toThrow(/realtime\(\{ leader \}\)/);
	expect(() => configureCron({})).toThrow(/at least one/);
	expect(() => configureCron({ leader: 1 as never })).toThrow(/leader has to be a function/);
	expect(() => configureCron({ bus: 1 as never })).toThrow(/wrap\(platform\)/);
	expect(() => configureAggregate({} as never)).toThrow(/takes \{ leader \}/);
	expect(() => configureAggregate({ leader: 1 as never })).toThrow(/configureAggregate: the leader/);
});

it('hears each failure once after a change of the app in development, which registers its handlers anew', async () => {
	const heard: string[] = [];
	const fail = live.effect(['a'], () => Promise.reject(new Error('effect')));
	for (const version of ['first', 'second']) {
		runInThisContext(generation);
		onError((path) => void heard.push(`${version} ${path}`));
		await using server = await createTestServer({ transport: 'memory', handler: { init: realtime().init } });
		runtimeOf(server.platform).install('m/effect', fail);
		server.platform.publish('a', 'e');
		await vi.waitFor(() => expect(heard.at(-1)).toBe(`${version} m/effect`));
		detach(server.platform);
	}
	expect(heard).toEqual(['first m/effect', 'second m/effect']);
	runInThisContext(generation);
});

it('tells every handler of onError what fails, whatever another of them does, until it is taken back', async () => {
	const print = vi.spyOn(console, 'error').mockImplementation(() => {});
	const heard: string[] = [];
	const ends = [
		onError(() => {
			throw new Error('reporter');
		}),
		onError((path) => void heard.push(`global ${path}`))
	];
	const { init } = realtime({ onError: (path) => void heard.push(`own ${path}`) });
	await using server = await createTestServer({ transport: 'memory', handler: { init } });
	runtimeOf(server.platform).install(
		'm/effect',
		live.effect(['a'], () => Promise.reject(new Error('effect')))
	);
	server.platform.publish('a', 'e');
	await vi.waitFor(() => expect(heard).toEqual(['own m/effect', 'global m/effect']));
	for (const end of ends) end();
	server.platform.publish('a', 'e');
	await vi.waitFor(() => expect(heard).toEqual(['own m/effect', 'global m/effect', 'own m/effect']));
	expect(print).toHaveBeenCalledOnce();
	expect(() => onError(1 as never)).toThrow(/onError takes a function/);
	detach(server.platform);
	print.mockRestore();
});
