import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { live } from '../define/live.ts';
import { LiveError } from '../shared/error.ts';
import { encodeChunk } from '../shared/upload-frame.ts';

// One law for every kind of export, by whichever frame it is asked for.

type Server = Awaited<ReturnType<typeof createRuntime>>;
let ids = 0;

/** What a client hears of a request in a frame of each kind. */
const FRAMES = {
	async call(server: Server, path: string): Promise<any> {
		const client = await server.connect('ida');
		return client.ask({ rpc: path, id: `${ids++}` });
	},
	async stream(server: Server, path: string): Promise<any> {
		const client = await server.connect('ida');
		return client.ask({ rpc: path, id: `${ids++}`, stream: true });
	},
	async batch(server: Server, path: string): Promise<any> {
		const client = await server.connect('ida');
		client.say({ batch: [{ rpc: path, id: `${ids++}` }] });
		return vi.waitFor(() => {
			const [reply] = client.frames.find(({ event }) => event === '__batch').data.batch;
			return reply;
		});
	},
	async binary(server: Server, path: string): Promise<any> {
		const client = await server.connect('ida');
		const id = `${ids++}`;
		const header = new TextEncoder().encode(JSON.stringify({ rpc: path, id }));
		client.peer.send(Uint8Array.of(0, header.length >> 8, header.length & 255, ...header, 1));
		return vi.waitFor(() => client.frames.find(({ event }) => event === id).data);
	},
	async upload(server: Server, path: string): Promise<any> {
		const client = await server.connect('ida');
		const header = JSON.stringify({ rpc: path, args: [] });
		client.peer.send(encodeChunk({ id: 7, number: 0, header, isLast: true, payload: Uint8Array.of(1) })!);
		return vi.waitFor(() => client.frames.find(({ event }) => event === '00000007').data);
	}
};
const NAMES = Object.keys(FRAMES) as (keyof typeof FRAMES)[];

const kinds = (run: () => unknown) => ({
	'm/call': live(run),
	'm/stream': live.stream('s', run),
	'm/binary': live.binary(run),
	'm/upload': live.upload(run)
});
/** The frames that each kind is asked for by. */
const OWN: Readonly<Record<string, readonly string[]>> = {
	'm/call': ['call', 'batch'],
	'm/stream': ['stream'],
	'm/binary': ['binary'],
	'm/upload': ['upload']
};

it.each(Object.keys(OWN).flatMap((path) => NAMES.map((frame) => [path, frame] as const)))(
	'asks for %s by its own kind of frame alone: %s',
	async (path, frame) => {
		const run = vi.fn(() => [1]);
		await using server = await createRuntime(kinds(run));
		const reply = await FRAMES[frame](server, path);
		const isOwn = OWN[path]!.includes(frame);
		expect(reply).toMatchObject(isOwn ? { ok: true, data: [1] } : { ok: false, code: 'INVALID_REQUEST' });
		expect(run).toHaveBeenCalledTimes(isOwn ? 1 : 0);
	}
);

it.each(Object.entries(OWN).flatMap(([path, frames]) => frames.map((frame) => [path, frame] as const)))(
	'carries issues and retryAfter of an error of %s by %s',
	async (path, frame) => {
		const issues = [{ path: ['text'], message: 'too long' }];
		await using server = await createRuntime(
			kinds(() => {
				throw new LiveError('NOT_YET', 'later', { issues, retryAfter: 850 });
			})
		);
		expect(await FRAMES[frame as keyof typeof FRAMES](server, path)).toMatchObject({
			ok: false,
			code: 'NOT_YET',
			error: 'later',
			issues,
			retryAfter: 850
		});
		expect(server.errors).toEqual([]);
	}
);

it.each(NAMES)('answers by %s what is not there, and what is no path, without a word to the app', async (frame) => {
	await using server = await createRuntime({});
	expect(await FRAMES[frame](server, 'm/none')).toMatchObject({ ok: false, code: 'NOT_FOUND' });
	expect(await FRAMES[frame](server, 'm/../none')).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
	expect(server.errors).toEqual([]);
});

it.each(Object.entries(OWN).map(([path, [frame]]) => [path, frame!] as const))(
	'gives %s a signal that aborts, beside sendSignal for a user',
	async (path, frame) => {
		const seen: unknown[] = [];
		const look = (ctx: any): number[] => {
			seen.push(ctx.signal instanceof AbortSignal);
			ctx.sendSignal('ida', 'hi', 7);
			return [1];
		};
		await using server = await createRuntime(kinds(look as never));
		server.platform.tap(({ topic, event, data }) => void seen.push([topic, event, data]));
		expect(await FRAMES[frame as keyof typeof FRAMES](server, path)).toMatchObject({ ok: true });
		expect(seen).toEqual([true, ['__signal:ida', 'hi', 7]]);
	}
);
