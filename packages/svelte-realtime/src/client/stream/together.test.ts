import { expect, it } from 'vitest';
import { scripted, turn } from '../../../test/client/scripted-client.ts';
import { connected } from '../../../test/client/todo-stream.ts';
import type { LiveClient } from '../live-client.ts';
import { Stream } from './stream.ts';

const paths = (count: number): string[] => Array.from({ length: count }, (_, i) => `a/s${i}`);
const follow = (host: () => LiveClient, path: string, args: readonly unknown[] = []) => {
	const stream = new Stream<unknown[]>(host, path, args, {});
	return { stream, stop: stream.subscribe(() => {}) };
};

it('asks for all streams of one turn in one frame, answered each by itself, so that a slow one does not hold the others up', async () => {
	const { client, clock, host } = scripted();
	client.open();
	const streams = paths(20).map((path) => follow(host, path));
	await turn();
	expect(client.sent).toEqual([
		{ batch: paths(20).map((rpc) => ({ rpc, id: expect.any(String), args: [], stream: true })), each: true }
	]);
	const [slow, ...rest] = client.requests();
	for (const { rpc, id } of rest) client.reply(id, { data: [], topic: rpc });
	expect(streams.map(({ stream }) => stream.status.value)).toEqual(['loading', ...rest.map(() => 'connected')]);
	clock.advance(30_000);
	expect(streams[0]!.stream.error.value).toMatchObject({ code: 'TIMEOUT' });
	expect(client.sent.at(-1)).toEqual({ rpc: '__rpc/cancel', args: [slow!['id']] });
});

it('comes back with one frame for all streams of the page', async () => {
	const { client, clock, host } = scripted();
	client.open();
	for (const path of paths(3)) follow(host, path);
	await turn();
	for (const { rpc, id } of client.requests()) client.reply(id, { data: [], topic: rpc });
	client.drop();
	client.sent.length = 0;
	client.open();
	expect([client.sent, clock.pending]).toEqual([[], 1]);
	clock.advance(100);
	await turn();
	expect([client.sent.length, client.requests().map(({ rpc }) => rpc)]).toEqual([1, paths(3)]);
});

it('takes several frames for what one cannot hold, by number and by bytes, and fails alone what none can', async () => {
	const { client, host } = scripted();
	client.maxPayloadLength = 1_000;
	client.open();
	for (const path of paths(120)) follow(host, path);
	const large = follow(host, 'a/large', ['ä'.repeat(300)]);
	const tooLarge = follow(host, 'a/too-large', ['ä'.repeat(500)]);
	const last = follow(host, 'a/last');
	await turn();
	for (const frame of client.sent) expect(new TextEncoder().encode(JSON.stringify(frame)).length).toBeLessThanOrEqual(1_000);
	expect(client.requests().map(({ rpc }) => rpc)).toEqual([...paths(120), 'a/large', 'a/last']);
	const status = ({ stream }: typeof last): unknown => [stream.status.value, stream.error.value?.code];
	expect([large, tooLarge, last].map(status)).toEqual([
		['loading', undefined],
		['error', 'PAYLOAD_TOO_LARGE'],
		['loading', undefined]
	]);
	const wide = scripted();
	wide.client.open();
	for (const path of paths(120)) follow(wide.host, path);
	await turn();
	expect(wide.client.sent.map((frame) => frame['batch'].length)).toEqual([50, 50, 20]);
});

it('asks nothing for a stream that was left in the turn of its retry', async () => {
	const { client, stream, unsubscribe, requests } = await connected();
	unsubscribe();
	stream.retry();
	await turn();
	expect([requests(), client.releases]).toEqual([1, ['todos']]);
});
