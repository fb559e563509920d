import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle, startCore, type FakeClient } from '../../test/support/core.ts';
import type { Connection } from '../contract/connection.ts';
import type { SlowPolicy } from '../contract/platform.ts';

async function holding(policies: Readonly<Record<string, SlowPolicy>>, caps: readonly string[] = []) {
	const server = await startCore({
		init: ({ platform }) => {
			for (const [topics, policy] of Object.entries(policies)) platform.whenSlow(topics, policy);
		}
	});
	const hold = async (...topics: string[]): Promise<FakeClient> => {
		const client = await server.join();
		client.say({ type: 'hello', caps });
		client.say({ type: 'subscribe-batch', topics });
		client.heard();
		return client;
	};
	return { ...server, hold };
}
const events = (frames: readonly any[]): any[] => frames.flatMap((frame) => frame.events ?? [frame]);
const datas = (client: FakeClient): unknown[] => events(client.heard()).map(({ data }) => data);

it('loses events for a slow client by default, and keeps it', async () => {
	const { platform, hold } = await holding({});
	const client = await hold('t');
	client.socket.status = 'dropped';
	platform.publish('t', 'e', 1);
	expect(datas(client)).toEqual([]);
	client.socket.status = 'sent';
	platform.publish('t', 'e', 2);
	expect(datas(client)).toEqual([2]);
	expect(client.socket.closed).toBeUndefined();
});

it('closes a client that missed an event of a reliable topic, and gives it no other before', async () => {
	const { platform, hold, clock, telemetry } = await holding({ 'orders:*': 'close' });
	const [slow, fast] = [await hold('orders:1', 'orders:2', 't'), await hold('orders:1')];
	platform.publish('orders:1', 'e', 1);
	clock.turn();
	slow.socket.status = 'dropped';
	platform.publish('orders:1', 'e', 2);
	// The event is lost when the turn ends, and there is room again before the connection is closed.
	platform.publish('orders:2', 'e', 3);
	const send = slow.socket.send.bind(slow.socket);
	let tries = 0;
	slow.socket.send = (frame) => {
		if (tries++ > 0) slow.socket.status = 'sent';
		return send(frame);
	};
	expect(datas(fast)).toEqual([1, 2]);
	expect(datas(slow)).toEqual([1]);
	clock.turn();
	expect(slow.socket.closed).toEqual([4429, 'too slow']);
	expect(fast.socket.closed).toBeUndefined();
	expect(platform.subscribers('orders:1')).toBe(1);
	expect(telemetry.events).toContainEqual({ name: 'socket.tooSlow', labels: { topic: 'orders:1' } });
});

it.each([false, true])(
	'closes a client that has no room for what it waits for (behind events of this turn: %s)',
	async (isBehind) => {
		const { platform, hold, clock, telemetry } = await holding({});
		const client = await hold('t');
		const ws = client.events as unknown as Connection;
		ws.sendOrClose('"an answer"');
		expect(client.heard()).toEqual(['an answer']);
		client.socket.status = 'dropped';
		if (isBehind) platform.publish('t', 'e', 1);
		ws.sendOrClose('"lost"');
		expect(client.socket.closed).toBeUndefined();
		clock.turn();
		expect(telemetry.events.filter(({ name }) => name === 'socket.tooSlow')).toEqual([{ name: 'socket.tooSlow' }]);
		client.socket.status = 'sent';
		ws.sendOrClose('"not sent any more"');
		clock.turn();
		expect(client.socket.closed).toEqual([4429, 'too slow']);
		expect(client.heard()).toEqual([]);
	}
);

it('keeps the last event of a coalesced topic for a slow client', async () => {
	const { platform, hold } = await holding({ prices: 'coalesce', gone: 'coalesce' });
	const client = await hold('prices', 'gone');
	client.socket.congested = true;
	for (const n of [1, 2, 3]) platform.publish('prices', 'set', n);
	platform.publish('gone', 'set', 4);
	expect(datas(client)).toEqual([]);
	client.say({ type: 'unsubscribe', topic: 'gone' });
	client.socket.congested = false;
	client.events.drain();
	expect(client.heard()).toEqual([{ topic: 'prices', event: 'set', data: 3, seq: 3 }]);
	platform.publish('prices', 'set', 5);
	expect(datas(client)).toEqual([5]);
});

it('keeps the last event when the client tells what it can take meanwhile', async () => {
	const { platform, hold } = await holding({ prices: 'coalesce' });
	const client = await hold('prices');
	client.socket.congested = true;
	platform.publish('prices', 'set', 1);
	client.heard();
	client.say({ type: 'hello', caps: ['batch', 'epoch'] });
	client.socket.congested = false;
	client.events.drain();
	expect(datas(client)).toEqual([1]);
});

it.each([[[]], [['batch']], [['epoch']], [['batch', 'epoch']]])(
	'keeps the order of what is published together, with %j',
	async (caps) => {
		const { platform, hold } = await holding({ 'close:*': 'close', 'last:*': 'coalesce' }, caps);
		const topics = ['plain', 'close:a', 'last:a', 'other'];
		const [all, some] = [await hold(...topics), await hold('close:a', 'plain')];
		platform.publishBatched([...topics, ...topics].map((topic, data) => ({ topic, event: 'e', data })));
		expect(datas(all).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
		expect(datas(some).sort()).toEqual([0, 1, 4, 5]);
		if (!caps.includes('batch')) return;
		platform.publishBatched([...topics, ...topics].map((topic, data) => ({ topic, event: 'e', data })));
		expect(datas(all)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
	}
);

// For all histories of room and no room: what a client gets of a reliable topic has no hole; of a coalesced one the last arrives.
it('never goes on over a hole', async () => {
	const step = fc.oneof(
		fc.record({ publish: fc.constantFrom('close:a', 'close:b', 'last:a', 'plain'), together: fc.boolean() }),
		fc.record({ status: fc.constantFrom('sent', 'queued', 'dropped') }),
		fc.record({ turn: fc.constant(true) })
	);
	const topics = ['close:a', 'close:b', 'last:a', 'plain'];
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.subarray(['batch', 'epoch']), async (steps, caps) => {
			const { platform, hold, clock } = await holding({ 'close:*': 'close', 'last:*': 'coalesce' }, caps);
			const client = await hold(...topics);
			const heard: { topic: string; seq: number }[] = [];
			let last = 0;
			for (const step of steps) {
				if ('publish' in step) {
					const { publish: topic } = step;
					if (topic === 'last:a') last++;
					if (step.together)
						platform.publishBatched([
							{ topic, event: 'e' },
							{ topic: 'close:b', event: 'e' }
						]);
					else platform.publish(topic, 'e');
				} else if ('status' in step) {
					client.socket.status = step.status as 'sent';
					client.socket.congested = step.status !== 'sent';
					if (!client.socket.congested && !client.socket.closed) client.events.drain();
				} else clock.turn();
				await settle();
			}
			client.socket.status = 'sent';
			client.socket.congested = false;
			clock.turn();
			if (!client.socket.closed) client.events.drain();
			heard.push(...events(client.heard()));
			for (const topic of ['close:a', 'close:b']) {
				const seqs = heard.filter((event) => event.topic === topic).map(({ seq }) => seq);
				expect(seqs).toEqual(seqs.map((_, i) => i + 1));
			}
			if (client.socket.closed) expect(client.socket.closed[0]).toBe(4429);
			else if (last > 0) expect(heard.findLast(({ topic }) => topic === 'last:a')?.seq).toBe(last);
		}),
		{ numRuns: 300 }
	);
});
