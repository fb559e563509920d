import { expect, it, vi } from 'vitest';
import { startCore } from '../../../test/support/core.ts';
import { memoryLog, memoryTelemetry } from '../../../test/support/log.ts';
import { channelPair } from '../../../test/support/workers.ts';
import { manualClock } from '../clock.ts';
import type { Channel, Message } from './channel.ts';
import { Hub } from './hub.ts';
import { WorkerBus } from './worker-bus.ts';

const SECRET = 'the same in all workers';

/** A worker of a hub: a core of its own, with a client that hears a topic, and what comes over its line. */
async function worker(stack: DisposableStack, hub: Hub) {
	const [up, down] = channelPair();
	stack.use(up);
	stack.use(hub.join(up));
	const relayed: Message[] = [];
	stack.use(down.listen((message) => void relayed.push(message)));
	const telemetry = memoryTelemetry();
	const bus = new WorkerBus({ channel: down, secret: SECRET, clock: manualClock(), log: memoryLog(), telemetry });
	const server = await startCore({}, { bus });
	const client = await server.join();
	client.say({ type: 'subscribe', topic: 'news' });
	client.heard();
	const data: unknown[] = [];
	const heard = (): readonly unknown[] => {
		data.push(
			...client
				.heard()
				.flatMap((frame) => frame.events ?? [frame])
				.map((event) => event.data)
		);
		return data;
	};
	return { platform: server.platform, clock: server.clock, channel: down as Channel, relayed, telemetry, heard };
}

it('brings what is published alone, together and as a batch, under seals, and what one turn says in one message', async () => {
	using stack = new DisposableStack();
	const hub = new Hub();
	const [one, two, three] = [await worker(stack, hub), await worker(stack, hub), await worker(stack, hub)];
	one.platform.publish('news', 'e', 'alone');
	one.platform.batch([
		{ topic: 'news', event: 'e', data: 'together 1' },
		{ topic: 'news', event: 'e', data: 'together 2' }
	]);
	one.platform.publishBatched([
		{ topic: 'news', event: 'e', data: 'batched 1' },
		{ topic: 'news', event: 'e', data: 'batched 2' }
	]);
	one.platform.publish('news', 'e', 'here alone', { relay: false });
	one.clock.turn();
	const relayed = ['alone', 'together 1', 'together 2', 'batched 1', 'batched 2'];
	for (const other of [two, three]) {
		await vi.waitFor(() => expect(other.heard()).toEqual(relayed));
		expect(other.relayed.map(({ type }) => type)).toEqual(['relay']);
		expect(other.telemetry.names()).toEqual([]);
	}
	expect(one.heard()).toEqual([...relayed, 'here alone']);
	expect(one.relayed).toEqual([]);
});

it('drops what somebody changed, moved to another topic, or made up, and nothing beside it', async () => {
	using stack = new DisposableStack();
	const hub = new Hub();
	const [one, two] = [await worker(stack, hub), await worker(stack, hub)];
	// Somebody on the line of the second worker, who does not know the secret.
	const [up, line] = channelPair();
	stack.use(up);
	stack.use(hub.join(up));
	const seen: Extract<Message, { type: 'relay' }>[] = [];
	stack.use(line.listen((message) => void (message.type === 'relay' && seen.push(message))));
	one.platform.publish('news', 'e', 'true');
	one.clock.turn();
	await vi.waitFor(() => expect(seen).toHaveLength(1));
	const [item] = seen[0]!.items;
	const { tag: _, ...untagged } = item!;
	line.send({
		type: 'relay',
		items: [
			{ ...item!, head: item!.head.replace('true', 'false') },
			{ ...item!, topic: 'others' },
			{ ...untagged, head: untagged.head.replace('true', 'made up') }
		]
	});
	one.platform.publish('news', 'e', 'and true');
	one.clock.turn();
	await vi.waitFor(() => expect(two.telemetry.names()).toEqual(Array(3).fill('relay.mac-fail')));
	await vi.waitFor(() => expect(two.heard()).toEqual(['true', 'and true']));
});
