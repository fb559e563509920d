import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { detach, runtimeOf } from './attach.ts';
import { live } from './live.ts';

const desk = live.room({
	topic: (_ctx, id: string) => `desk:${id}`,
	topicArgs: 1,
	init: () => [{ id: 'n1' }],
	presence: () => ({}),
	actions: { pin: (ctx, _id: string, note: string) => ctx.publish('created', { id: note }) }
});

it('has hooks that serve an app alone: message, close and unsubscribe, and open and init', async () => {
	const { message, close, unsubscribe, open, init } = desk.hooks;
	await using server = await createTestServer({ transport: 'memory', handler: { init, open, message, unsubscribe, close } });
	const { platform } = server;
	runtimeOf(platform).install('m/desk', desk);
	const peer = await server.connect();
	const frames: any[] = [];
	peer.onmessage = (frame) => void frames.push(JSON.parse(String(frame)));
	const reply = (id: string): unknown => frames.find(({ topic, event }) => topic === '__rpc' && event === id)?.data;
	peer.send(JSON.stringify({ rpc: 'm/desk/__data', id: 'd', stream: true, args: ['7'] }));
	await vi.waitFor(() => expect(reply('d')).toMatchObject({ ok: true, data: [{ id: 'n1' }], topic: 'desk:7' }));
	peer.send(JSON.stringify({ rpc: 'm/desk/__action/pin', id: 'p', args: ['7', 'n2'] }));
	await vi.waitFor(() => expect(frames.find(({ topic }) => topic === 'desk:7')?.data).toEqual({ id: 'n2' }));
	expect(await platform.stores.presence.list('desk:7')).toHaveLength(1);
	peer.send(JSON.stringify({ type: 'unsubscribe', topic: 'desk:7' }));
	// Who left is there for the time of a reload, and no topic is left at once.
	await vi.waitFor(() => expect(platform.subscribers('desk:7')).toBe(0));
	peer.close();
	await vi.waitFor(() => expect(platform.connections).toBe(0));
	detach(platform);
});

it('answers the first frames of an app that has but the hooks message, close and unsubscribe', async () => {
	const { message, close, unsubscribe } = desk.hooks;
	await using server = await createTestServer({ transport: 'memory', handler: { message, unsubscribe, close } });
	const peer = await server.connect();
	const answers: string[] = [];
	peer.onmessage = (frame) => {
		const { topic, event, data } = JSON.parse(String(frame));
		if (topic === '__rpc') answers.push(`${event} ${data.code}`);
	};
	for (const id of ['1', '2', '3']) peer.send(JSON.stringify({ rpc: 'm/none', id }));
	await vi.waitFor(() => expect(answers).toEqual(['1 NOT_FOUND', '2 NOT_FOUND', '3 NOT_FOUND']));
	detach(server.platform);
});
