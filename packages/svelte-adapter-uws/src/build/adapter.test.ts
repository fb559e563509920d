import { afterEach, expect, it, vi } from 'vitest';
import type { Platform } from '../contract/platform.ts';
import { offerDevHost } from '../host/dev-slot.ts';
import { resolveAdapterOptions } from '../host/options.ts';
import { createAdapter } from './adapter.ts';

const made = (websocket: boolean) =>
	createAdapter(
		resolveAdapterOptions({ websocket }, () => {}),
		[]
	);
const platformOf = async (websocket: boolean, prerender: boolean | 'auto' = false) => {
	const emulator = await made(websocket).emulate!();
	return emulator.platform!({ config: {}, prerender }) as Promise<Platform | undefined>;
};

let offer: Disposable | undefined;
afterEach(() => offer?.[Symbol.dispose]());

it('says what it supports and shows its options to the plugin', () => {
	const adapter = made(true);
	expect(adapter.name).toBe('adapter-uws');
	expect(adapter.supports!.read!({ config: {}, route: { id: '/' } })).toBe(true);
	expect(adapter.supports!.instrumentation!()).toBe(true);
	expect(adapter.options.websocket).toMatchObject({ path: '/ws' });
});

it('gives the platform of the dev server that runs', async () => {
	const platform = { requestId: 'a' } as Platform;
	offer = offerDevHost({ platform: vi.fn(() => Promise.resolve(platform)) });
	expect(await platformOf(true)).toBe(platform);
	offer[Symbol.dispose]();
	expect(await platformOf(false)).toBeUndefined();
});

it('has no platform without an endpoint, and none while prerendering', async () => {
	expect(await platformOf(false)).toBeUndefined();
	expect(await platformOf(true, true)).toBeUndefined();
	expect(await platformOf(true, 'auto')).toBeUndefined();
});

it('explains itself where the plugin is missing: once in the log, and on use', async () => {
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
	const { platform: emulated } = await made(true).emulate!();
	const platform = (await emulated!({ config: {}, prerender: false })) as Platform | undefined;
	await emulated!({ config: {}, prerender: false });
	expect(warn.mock.calls).toEqual([[expect.stringMatching(/There is no WebSocket endpoint\. .*needs its Vite plugin/)]]);
	warn.mockRestore();
	expect(() => platform!.publish('a', 'b')).toThrow(
		/event\.platform\.publish is not there.*svelte-adapter-uws needs its Vite plugin/
	);
});

it('leaves the slot to the dev server that took it last', () => {
	const first = offerDevHost({ platform: () => Promise.resolve(undefined) });
	offer = offerDevHost({ platform: () => Promise.resolve({ requestId: 'second' } as Platform) });
	first[Symbol.dispose]();
	return expect(platformOf(true)).resolves.toMatchObject({ requestId: 'second' });
});
