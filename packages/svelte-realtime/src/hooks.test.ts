import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import type { Connection, MessageContext, Platform } from 'svelte-adapter-uws/contract';
import { createMessage, handleRpc, message, realtime } from './hooks.ts';
import { runtimeOf } from './attach.ts';
import { live } from './define/live.ts';
import { ssrCall, ssrStream } from './ssr.ts';

async function exchange(handler: object, frames: readonly string[], count: number): Promise<any[]> {
	await using server = await createTestServer({ transport: 'memory', handler });
	runtimeOf(server.platform).install(
		'm/add',
		live((_ctx, a: number, b: number) => a + b)
	);
	runtimeOf(server.platform).install(
		'm/fail',
		live(() => {
			throw new Error('handler');
		})
	);
	runtimeOf(server.platform).install(
		'm/opaque',
		live.stream(
			(_ctx, id: string) => id.trim(),
			() => []
		)
	);
	const peer = await server.connect();
	const heard: any[] = [];
	peer.onmessage = (frame) => void heard.push(JSON.parse(String(frame)));
	await vi.waitFor(() => expect(heard).toHaveLength(1));
	for (const frame of frames) peer.send(frame);
	await vi.waitFor(() => expect(heard).toHaveLength(count + 1));
	return heard.slice(1);
}

it('answers calls with the ready-made hook alone', async () => {
	const [reply] = await exchange({ message }, ['{"rpc":"m/add","id":"1","args":[1,2]}'], 1);
	expect(reply.data).toEqual({ id: '1', ok: true, data: 3 });
});

it('destructures as on the deployment page', async () => {
	const { open, close, message: hook, init } = realtime();
	const [reply] = await exchange({ open, close, message: hook, init }, ['{"rpc":"m/add","id":"1","args":[1,2]}'], 1);
	expect(reply.data.data).toBe(3);
});

it('says that no live module is known where the Vite plugin is missing', async () => {
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
	await using server = await createTestServer({ transport: 'memory', handler: realtime() });
	expect(server.platform.connections).toBe(0);
	expect(warn.mock.calls).toEqual([
		[expect.stringMatching(/Vite plugin is missing.*import realtime from 'svelte-realtime\/vite'/)]
	]);
	warn.mockRestore();
});

it('has the hooks that free what a connection holds, and upgrade where it is given', () => {
	expect(Object.keys(realtime()).toSorted()).toEqual(['close', 'init', 'message', 'open', 'shutdown', 'unsubscribe']);
	const upgrade = () => ({ id: 'ida' });
	expect(realtime({ upgrade }).upgrade).toBe(upgrade);
});

it('takes the depth of requests that createMessage is told, and hands deeper ones to the app', async () => {
	const onUnhandled = (ws: Connection, data: ArrayBuffer): void => void ws.send(JSON.stringify({ bytes: data.byteLength }));
	const frame = (depth: number) => `{"rpc":"m/add","id":"1","args":[${'['.repeat(depth)}1${']'.repeat(depth)},2]}`;
	for (const [maxEnvelopeDepth, depth, isTaken] of [
		[3, 1, true],
		[3, 2, false],
		[80, 78, true]
	] as const) {
		const [heard] = await exchange({ message: createMessage({ maxEnvelopeDepth, onUnhandled }) }, [frame(depth)], 1);
		expect(heard).toEqual(isTaken ? expect.objectContaining({ topic: '__rpc' }) : { bytes: frame(depth).length });
	}
});

it('hands other frames to the app, and asks beforeExecute first', async () => {
	const hook = createMessage({
		beforeExecute: async (_ws, path, args) => {
			if (args[0] === 'no') throw Object.assign(new Error(path), {});
		},
		onError() {},
		maxJsonDepth: 2,
		onJsonMessage: (ws, value, platform) => void ws.send(JSON.stringify({ json: value, own: typeof platform.publish })),
		onUnhandled: (ws, data, platform) => void ws.send(JSON.stringify({ bytes: data.byteLength, own: typeof platform.publish }))
	});
	const heard = await exchange(
		{ message: hook },
		[
			'{"hello":1}',
			'text',
			'{"a":{"b":{}}}',
			'{"bad',
			'{"rpc":"m/add","id":"1","args":["no"]}',
			'{"rpc":"m/add","id":"2","args":[1,1]}'
		],
		6
	);
	const own = 'function';
	expect(heard.slice(0, 4)).toEqual([
		{ json: { hello: 1 }, own },
		{ bytes: 4, own },
		{ bytes: 14, own },
		{ bytes: 5, own }
	]);
	expect(heard.slice(4).map((frame) => frame.data)).toEqual([
		expect.objectContaining({ code: 'INTERNAL_ERROR' }),
		{ id: '2', ok: true, data: 2 }
	]);
});

it('refuses options that it does not have', () => {
	expect(() => realtime({ busses: {} } as never)).toThrow(/busses.*not available/);
});

it('answers from a message hook that the app writes itself', async () => {
	const mine = (ws: Connection, { data, platform }: MessageContext) => {
		if (!handleRpc(ws, data, platform)) ws.send(JSON.stringify({ mine: data.byteLength }));
	};
	const heard = await exchange({ message: mine }, ['{"rpc":"m/add","id":"1","args":[1,2]}', '', 'text', '{"other":1}'], 4);
	expect(heard[0].data).toEqual({ id: '1', ok: true, data: 3 });
	expect(heard.slice(1)).toEqual([{ mine: 0 }, { mine: 4 }, { mine: 11 }]);
});

it('tells the onError of realtime what no caller may see, whichever of its hooks are exported', async () => {
	for (const names of [['message'], ['open', 'message'], ['init', 'message']] as const) {
		const onError = vi.fn();
		const hooks = realtime({ onError });
		const handler = Object.fromEntries(names.map((name) => [name, hooks[name]]));
		await exchange(handler, ['{"rpc":"m/fail","id":"1"}'], 1);
		expect(onError).toHaveBeenCalledExactlyOnceWith('m/fail', expect.objectContaining({ message: 'handler' }), expect.anything());
	}
});

it('opens the topics that realtime is told are plain', async () => {
	const { message: hook } = realtime({ plainTopics: ['news'] });
	const [first] = await exchange(
		{ message: hook },
		['{"rpc":"m/add","id":"1","args":[1,2]}', '{"type":"subscribe","topic":"news","ref":1}'],
		2
	);
	expect(first.data.ok).toBe(true);
	expect(() => realtime({ plainTopics: 'news' as never })).toThrow(/list of topic names/);
});

it('keeps two servers in one process apart, and ends a runtime with its server', async () => {
	const hooks = realtime();
	await using one = await createTestServer({ transport: 'memory', handler: hooks });
	await using two = await createTestServer({ transport: 'memory', handler: hooks });
	const first = runtimeOf(one.platform);
	expect(runtimeOf(two.platform)).not.toBe(first);
	await hooks.shutdown({ platform: one.platform });
	expect(runtimeOf(one.platform)).not.toBe(first);
});

it('loads streams for pages, with a fallback where one is given', async () => {
	await using server = await createTestServer({ transport: 'memory', handler: realtime() });
	runtimeOf(server.platform).install(
		'm/list',
		live.stream('t', () => [1, 2])
	);
	const list = ssrStream('m/list', false);
	expect(await list.load(server.platform)).toEqual([1, 2]);
	await expect(list.load(undefined)).rejects.toThrow(/event\.platform/);
	const onError = vi.fn();
	expect(await ssrStream('m/none', true).load(server.platform, { fallback: [], onError })).toEqual([]);
	expect(onError).toHaveBeenCalledOnce();
	await expect(ssrCall('m/add')()).rejects.toThrow(/in the browser/);
	let value: unknown;
	(ssrStream('m/list', true) as () => ReturnType<typeof Object>)()
		.hydrate([3])
		.subscribe((next: unknown) => (value = next));
	expect(value).toEqual([3]);
});

it('publishes on the platform that createMessage was given, and warns where a bus stands beside it', async () => {
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
	const made = vi.fn((platform: Platform): Platform => Object.create(platform, { requestId: { value: 'mine' } }) as Platform);
	const handler = {
		...realtime({ bus: { wrap: (platform: Platform) => platform } }),
		message: createMessage({ platform: made })
	};
	await using server = await createTestServer({ transport: 'memory', handler });
	runtimeOf(server.platform).install(
		'm/id',
		live((ctx) => ctx.requestId)
	);
	const peer = await server.connect();
	const heard: any[] = [];
	peer.onmessage = (frame) => void heard.push(JSON.parse(String(frame)));
	for (const id of ['1', '2']) peer.send(`{"rpc":"m/id","id":"${id}"}`);
	await vi.waitFor(() => expect(heard.slice(1).map(({ data }) => data.data)).toEqual(['mine', 'mine']));
	expect(made).toHaveBeenCalledOnce();
	const warnings = warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('createMessage'));
	expect(warnings).toEqual([expect.stringContaining('hear everything twice')]);
	warn.mockRestore();
	expect(() => createMessage({ platform: 7 as never })).toThrow('createMessage({ platform })');
});

it.each(['throws', 'gives a promise that fails'])('answers the calls of a platform function that %s', async (how) => {
	const log = vi.spyOn(console, 'error').mockImplementation(() => {});
	const fail = (): never => {
		if (how === 'throws') throw new Error('no platform');
		return Promise.reject(new Error('no platform')) as never;
	};
	const [reply] = await exchange({ message: createMessage({ platform: fail }) }, ['{"rpc":"m/add","id":"1","args":[1,2]}'], 1);
	expect(reply.data).toMatchObject({ id: '1', ok: false, code: 'INTERNAL_ERROR' });
	expect(log).toHaveBeenCalledOnce();
	log.mockRestore();
});
