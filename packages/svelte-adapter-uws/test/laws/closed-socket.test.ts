import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { settle, startCore, upgradeRequest } from '../support/core.ts';

type Act = 'subscribe' | 'subscribe-batch' | 'unsubscribe' | 'resume' | 'message' | 'join' | 'publish' | 'hello';
const acts: fc.Arbitrary<readonly Act[]> = fc.array(
	fc.constantFrom<Act[]>('subscribe', 'subscribe-batch', 'unsubscribe', 'resume', 'message', 'join', 'publish', 'hello'),
	{ maxLength: 12 }
);

// Law 10 and 7, for all orders in which hooks settle and a client leaves.
it('throws nothing, sends nothing and keeps nothing after a close, whenever it comes', async () => {
	await fc.assert(
		fc.asyncProperty(fc.scheduler(), acts, fc.boolean(), fc.boolean(), async (scheduler, script, rejects, batch) => {
			const later = (label: string) => scheduler.schedule(rejects ? Promise.reject(new Error(label)) : Promise.resolve(), label);
			const hooks: WebSocketHooks = {
				upgrade: async () => (await scheduler.schedule(Promise.resolve(), 'upgrade'), {}),
				open: () => later('open'),
				resume: async (ws) => (await later('resume'), ws.send('{"missed":true}')),
				message: async (ws) => (await later('message'), ws.send('{"late":true}'), ws.subscribe('from-message')),
				unsubscribe: () => later('unsubscribe'),
				close: () => later('close'),
				...(batch ? { subscribeBatch: () => later('subscribeBatch') as never } : { subscribe: () => later('subscribe') })
			};
			const server = await startCore(hooks);
			const { platform } = server;
			const upgrading = server.upgrade(upgradeRequest());
			await scheduler.waitFor(upgrading);
			const decision = await upgrading;
			if (!decision.accept) throw new Error('refused');
			const client = server.open(decision.data);
			const joins: Promise<unknown>[] = [];
			scheduler.scheduleSequence([
				...script.map((act) => async () => {
					if (act === 'subscribe') client.say({ type: 'subscribe', topic: 'a', ref: 1 });
					else if (act === 'subscribe-batch') client.say({ type: 'subscribe-batch', topics: ['a', 'b', '__x'], ref: 2 });
					else if (act === 'unsubscribe') client.say({ type: 'unsubscribe', topic: 'a' });
					else if (act === 'resume') client.say({ type: 'resume', sessionId: 's', lastSeenSeqs: {} });
					else if (act === 'message') client.say('hi');
					else if (act === 'hello') client.say({ type: 'hello', caps: ['batch'] });
					else if (act === 'publish') platform.publish('a', 'e');
					else joins.push(platform.subscribe(client.events as never, 'c').catch(() => {}));
				}),
				async () => {
					client.leave();
				}
			]);
			await scheduler.waitAll();
			await Promise.all(joins);
			await settle();
			const sent = client.socket.frames.length;
			server.clock.turn();
			await settle();
			expect(client.socket.frames).toHaveLength(sent);
			expect(['a', 'b', 'c', 'from-message'].map(platform.subscribers)).toEqual([0, 0, 0, 0]);
			expect([platform.connections, client.socket.topics.size, server.clock.pending]).toEqual([0, 0, 0]);
			await server.core[Symbol.asyncDispose]();
		}),
		{ numRuns: 300 }
	);
});
