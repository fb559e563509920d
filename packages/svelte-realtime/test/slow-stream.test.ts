import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { live } from '../src/define/live.ts';
import { createLiveServer, TRANSPORTS } from './live-server.ts';

// A real client that stops reading, on both engines. The system takes some megabytes before a server notices.
const SIZE = 65_536;
const MOST = 2_000;
const text = 'x'.repeat(SIZE);

/** A client that follows a stream; what it hears of it. */
async function follow(url: string, path: string) {
	const ws = new WebSocket(url);
	const seqs: number[] = [];
	const state: { reply?: any; closed?: number } = {};
	ws.on('message', (data: Buffer) => {
		const frame = JSON.parse(data.toString());
		if (frame.topic === '__rpc') state.reply = frame.data;
		for (const event of frame.type === 'batch' ? frame.events : [frame]) if (event.topic?.includes('kept')) seqs.push(event.seq);
	});
	ws.on('close', (code) => (state.closed = code));
	await new Promise((resolve, reject) => void ws.once('open', resolve).once('error', reject));
	ws.send(JSON.stringify({ rpc: path, id: '1', stream: true, args: ['a'] }));
	await vi.waitFor(() => expect(state.reply).toMatchObject({ ok: true }));
	return { ws, seqs, state };
}

for (const transport of TRANSPORTS)
	it.each([
		['of one topic', 'm/one', 'kept'],
		['of a topic for each argument', 'm/each', 'kept:a'],
		['of a topic with a name of its own', 'm/any', 'akept'],
		['in a view of their own', 'm/seen', 'kept:a']
	])(
		`${transport}: sends a client away that misses an event of a stream with a history, %s, without a hole before`,
		async (_what, path, topic) => {
			await using app = await createLiveServer(
				{
					'm/one': live.stream('kept', () => [], { replay: true }),
					'm/each': live.stream(
						(_ctx, name: string) => `kept:${name}`,
						() => [],
						{ replay: true }
					),
					'm/any': live.stream(
						(_ctx, name: string) => `${name}kept`,
						() => [],
						{ delta: {}, topicCtx: true }
					),
					'm/plain': live.stream(
						(_ctx, name: string) => `kept:${name}`,
						() => []
					),
					'm/seen': live.stream(
						(_ctx, name: string) => `kept:${name}`,
						() => [],
						{ replay: true, transform: (item) => item }
					)
				},
				{ transport, wsOptions: { maxBackpressure: SIZE } }
			);
			// Who follows it as it was published, takes the topic's own name.
			if (path === 'm/seen') await follow(app.server.wsUrl, 'm/plain');
			const { ws, seqs, state } = await follow(app.server.wsUrl, path);
			const before = app.platform.connections;
			ws.pause();
			for (let published = 0; app.platform.connections === before && published < MOST; published++) {
				app.platform.publish(topic, 'created', { id: published, text });
				await new Promise((resolve) => setImmediate(resolve));
			}
			ws.resume();
			await vi.waitFor(() => expect(state.closed).toBe(4429));
			expect(seqs.length).toBeGreaterThan(0);
			expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
		}
	);
