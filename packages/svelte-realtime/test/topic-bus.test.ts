import type { Platform } from 'svelte-adapter-uws/contract';
import { createTestServer, manualClock } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { detach, runtimeOf } from '../src/attach.ts';
import type { Definition } from '../src/define/definition.ts';
import { live } from '../src/define/live.ts';
import { realtime } from '../src/hooks.ts';
import type { ClusterBus } from '../src/relay.ts';
import { Follows, type TopicBus } from '../src/runtime/follows.ts';

/** What brings an event to those instances alone that follow its topic, as a bus with one channel for each topic does. */
function createChannel() {
	const receivers = new Map<Joined, Platform>();
	class Joined implements ClusterBus {
		/** How often each topic is followed. */
		readonly counts = new Map<string, number>();
		/** What was asked of it. */
		readonly asked: string[] = [];
		/** What `follow` waits for. */
		held: Promise<void> | undefined;

		wrap(platform: Platform): Platform {
			const publish: Platform['publish'] = (topic, event, data, options) => {
				for (const [bus, other] of receivers)
					if (bus !== this && bus.counts.has(topic)) queueMicrotask(() => other.publish(topic, event, data, { relay: false }));
				return platform.publish(topic, event, data, { ...options, relay: false });
			};
			return Object.create(platform, { publish: { value: publish } }) as Platform;
		}
		activate(platform: Platform): void {
			receivers.set(this, platform);
		}
		async follow(topic: string): Promise<void> {
			this.asked.push(`+${topic}`);
			await this.held;
			this.counts.set(topic, (this.counts.get(topic) ?? 0) + 1);
		}
		unfollow(topic: string): void {
			this.asked.push(`-${topic}`);
			const count = this.counts.get(topic)! - 1;
			if (count > 0) this.counts.set(topic, count);
			else this.counts.delete(topic);
		}
	}
	return () => new Joined();
}

/** One instance of an app. */
async function createInstance(
	bus: ReturnType<ReturnType<typeof createChannel>>,
	definitions: Readonly<Record<string, Definition>>
) {
	const { init, open, message, unsubscribe } = realtime({ bus });
	const upgrade = ({ url }: { readonly url: string }) => ({
		id: new URL(url, 'http://localhost').searchParams.get('user') ?? 'x'
	});
	const server = await createTestServer({ transport: 'memory', handler: { upgrade, init, open, message, unsubscribe } });
	const { platform } = server;
	for (const [path, definition] of Object.entries(definitions)) runtimeOf(platform).install(path, definition);
	return {
		bus,
		platform,
		async connect(user: string) {
			const peer = await server.connect(`/ws?user=${user}`);
			const frames: any[] = [];
			peer.onmessage = (frame) => void frames.push(JSON.parse(String(frame)));
			await vi.waitFor(() => expect(frames).not.toEqual([]));
			return {
				peer,
				heard: (topic: string): unknown[] => frames.filter((frame) => frame.topic === topic).map(({ data }) => data),
				async follow(path: string, ...args: unknown[]): Promise<any> {
					const id = `${path} ${frames.length}`;
					peer.send(JSON.stringify({ rpc: path, id, stream: true, args }));
					return vi.waitFor(() => {
						const reply = frames.find(({ event }) => event === id)?.data;
						expect(reply).toMatchObject({ ok: true });
						return reply;
					});
				},
				leave: (topic: string): void => void peer.send(JSON.stringify({ type: 'unsubscribe', topic, ref: 1 }))
			};
		},
		async [Symbol.asyncDispose]() {
			detach(platform);
			await server.close();
		}
	};
}

const rooms = live.stream(
	(_ctx, id: string) => `room:${id}`,
	() => []
);

it('follows a topic on the bus from its first subscriber to its last, and brings what others publish on it', async () => {
	const join = createChannel();
	await using here = await createInstance(join(), { 'm/rooms': rooms });
	await using there = await createInstance(join(), {});
	const [ann, bob] = [await here.connect('ann'), await here.connect('bob')];
	const { bus } = here;
	bus.asked.length = 0;
	for (const client of [ann, bob]) expect(await client.follow('m/rooms', '1')).toMatchObject({ topic: 'room:1' });
	await ann.follow('m/rooms', '1');
	await ann.follow('m/rooms', '2');
	expect(bus.asked).toEqual(['+room:1', '+room:2']);
	there.platform.publish('room:1', 'created', { id: 1 });
	there.platform.publish('room:3', 'created', { id: 3 });
	await vi.waitFor(() => expect([ann, bob].map(({ heard }) => heard('room:1'))).toEqual([[{ id: 1 }], [{ id: 1 }]]));
	ann.leave('room:1');
	ann.leave('room:2');
	await vi.waitFor(() => expect(bus.asked).toEqual(['+room:1', '+room:2', '-room:2']));
	bob.peer.close();
	await vi.waitFor(() => expect(bus.counts.has('room:1')).toBe(false));
	detach(here.platform);
	expect([...bus.counts]).toEqual([]);
});

it('loads a stream once the bus follows its topic, so that nothing is missed between the two', async () => {
	const join = createChannel();
	const rows: { readonly id: number }[] = [];
	await using here = await createInstance(join(), { 'm/rows': live.stream('rows', () => [...rows]) });
	await using there = await createInstance(join(), {});
	const ann = await here.connect('ann');
	const go = Promise.withResolvers<void>();
	here.bus.held = go.promise;
	const reply = ann.follow('m/rows');
	await vi.waitFor(() => expect(here.bus.asked).toContain('+rows'));
	rows.push({ id: 1 });
	there.platform.publish('rows', 'created', rows[0]);
	go.resolve();
	expect(await reply).toMatchObject({ data: [{ id: 1 }] });
});

it('follows what values and effects depend on, signals of its users, and what other workers ask it', async () => {
	const join = createChannel();
	let orders = 0;
	const heard: unknown[] = [];
	await using here = await createInstance(join(), {
		'm/open': live.derived(['orders'], () => orders),
		'm/each': live.effect(['imports'], (_event, data) => void heard.push(data), { scope: 'every-instance' })
	});
	await using there = await createInstance(join(), { 'm/signal': live((ctx) => ctx.sendSignal('ann', 'hello', 1)) });
	const ann = await here.connect('ann');
	const bob = await there.connect('bob');
	await ann.follow('m/open');
	orders = 7;
	there.platform.publish('orders', 'created');
	there.platform.publish('imports', 'done', 1);
	await vi.waitFor(() => expect([ann.heard('m/open'), heard]).toEqual([[7], [1]]));
	bob.peer.send(JSON.stringify({ rpc: 'm/signal', id: '1' }));
	await vi.waitFor(() => expect(ann.heard('__signal:ann')).toEqual([1]));
	expect(here.bus.asked).toContain(`+__push:${here.platform.stores.node}`);
	ann.peer.close();
	await vi.waitFor(() => expect(here.bus.counts.has('__signal:ann')).toBe(false));
	detach(here.platform);
	expect([...here.bus.counts]).toEqual([]);
});

/** A bus that the test answers. */
function createBus() {
	const waiting: PromiseWithResolvers<void>[] = [];
	const asked: string[] = [];
	const bus: TopicBus = {
		follow(topic) {
			asked.push(`+${topic}`);
			const answer = Promise.withResolvers<void>();
			waiting.push(answer);
			return answer.promise;
		},
		unfollow: (topic) => void asked.push(`-${topic}`)
	};
	const clock = manualClock();
	const errors: unknown[] = [];
	const follows = new Follows({ bus: () => bus, after: clock.after.bind(clock), failed: (error) => void errors.push(error) });
	return { waiting, asked, clock, errors, follows };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('tries again while the bus fails, says so once, and lets nobody wait for it longer than a while', async () => {
	const { waiting, asked, clock, errors, follows } = createBus();
	for (const topic of ['a', 'b']) follows.enter(topic);
	const first = follows.beginning('a');
	waiting.shift()!.reject(new Error('down'));
	await first;
	expect(follows.beginning('a')).toBeUndefined();
	const second = follows.beginning('b');
	clock.advance(5_000);
	await second;
	expect(asked).toEqual(['+a', '+b', '+a']);
	waiting.at(-1)!.reject(new Error('down'));
	await settle();
	clock.advance(1_999);
	expect(asked).toHaveLength(3);
	clock.advance(1);
	expect(asked).toHaveLength(4);
	expect(errors).toHaveLength(1);
	for (const { resolve } of waiting) resolve();
	await settle();
	follows.leave('a');
	follows.leave('b');
	await settle();
	expect(asked.slice(4)).toEqual(['-a', '-b']);
	expect(clock.pending).toBe(0);
});

it('unfollows what everybody has left while the bus was asked, and tries nothing again that nobody wants', async () => {
	const { waiting, asked, clock, follows } = createBus();
	for (const topic of ['a', 'b']) {
		follows.enter(topic);
		follows.leave(topic);
	}
	follows.enter('a');
	expect(asked).toEqual(['+a', '+b', '+a']);
	waiting[1]!.reject(new Error('down'));
	waiting[0]!.resolve();
	waiting[2]!.resolve();
	await settle();
	expect(asked.slice(3)).toEqual(['-a']);
	follows[Symbol.dispose]();
	await settle();
	expect(asked.slice(4)).toEqual(['-a']);
	clock.advance(60_000);
	expect([asked.length, clock.pending]).toEqual([5, 0]);
});
