import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createMessage, message, realtime } from './hooks.ts';
import { runtimeOf } from './attach.ts';
import { live } from './define/live.ts';
import { ssrCall, ssrStream } from './ssr.ts';

async function exchange(handler: object, frames: readonly string[], count: number): Promise<any[]> {
	await using server = await createTestServer({ transport: 'memory', handler });
	runtimeOf(server.platform).install('m/add', live((_ctx, a: number, b: number) => a + b));
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

it('hands other frames to the app, and asks beforeExecute first', async () => {
	const hook = createMessage({
		beforeExecute: async (_ws, path, args) => {
			if (args[0] === 'no') throw Object.assign(new Error(path), {});
		},
		onError() {},
		onJsonMessage: (ws, value) => void ws.send(JSON.stringify({ json: value })),
		onUnhandled: (ws, data) => void ws.send(JSON.stringify({ bytes: data.byteLength }))
	});
	const heard = await exchange({ message: hook }, ['{"hello":1}', 'text', '{"rpc":"m/add","id":"1","args":["no"]}', '{"rpc":"m/add","id":"2","args":[1,1]}'], 4);
	expect(heard.slice(0, 2)).toEqual([{ json: { hello: 1 } }, { bytes: 4 }]);
	expect(heard.slice(2).map((frame) => frame.data)).toEqual([expect.objectContaining({ code: 'INTERNAL_ERROR' }), { id: '2', ok: true, data: 2 }]);
});

it('refuses options that it does not have', () => {
	expect(() => realtime({ bus: {} } as never)).toThrow(/bus.*not available/);
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
	runtimeOf(server.platform).install('m/list', live.stream('t', () => [1, 2]));
	const list = ssrStream('m/list', false);
	expect(await list.load(server.platform)).toEqual([1, 2]);
	await expect(list.load(undefined)).rejects.toThrow(/event\.platform/);
	const onError = vi.fn();
	expect(await ssrStream('m/none', true).load(server.platform, { fallback: [], onError })).toEqual([]);
	expect(onError).toHaveBeenCalledOnce();
	await expect(ssrCall('m/add')()).rejects.toThrow(/in the browser/);
	let value: unknown;
	(ssrStream('m/list', true) as () => ReturnType<typeof Object>)().hydrate([3]).subscribe((next: unknown) => (value = next));
	expect(value).toEqual([3]);
});
