import { createTestServer } from 'svelte-adapter-uws/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { live } from './define/live.ts';

/** The module as an app has it whose live modules are those of `exports`; each time a new one. */
async function withManifest(exports?: Record<string, unknown>): Promise<typeof import('./attach.ts')> {
	vi.resetModules();
	vi.doMock('svelte-realtime/manifest', () => ({
		manifest: exports ? [{ path: 'm', load: () => Promise.resolve(exports) }] : [],
		dev: true
	}));
	return import('./attach.ts');
}
afterEach(() => void vi.doUnmock('svelte-realtime/manifest'));

const load = (attach: typeof import('./attach.ts'), platform: Parameters<typeof attach.runtimeOf>[0]) =>
	attach.runtimeOf(platform).load('m/s', platform, {});
const stream = (value: string) => ({ s: live.stream('t', () => value) });

it('serves the live modules of the latest manifest, whoever asks', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	const { platform } = server;
	const [old, fresh] = [await withManifest(stream('old')), await withManifest(stream('new'))];
	expect(await load(old, platform)).toBe('old');
	expect(await load(fresh, platform)).toBe('new');
	expect(await load(old, platform)).toBe('new');
	old.detach(platform);
	expect(await load(old, platform)).toBe('new');
	fresh.detach(platform);
	expect(await load(old, platform)).toBe('old');
	old.detach(platform);
});

it('ends what an old manifest began', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	const signals: AbortSignal[] = [];
	const effects: string[] = [];
	const modules = (name: string) => ({
		job: live.cron('0 0 1 1 *', 't', (ctx) => (signals.push(ctx.signal), new Promise(() => {})), { runOnInit: true }),
		effect: live.effect(['t'], () => void effects.push(name))
	});
	const [old, fresh] = [await withManifest(modules('old')), await withManifest(modules('new'))];
	await old.runtimeOf(server.platform).ready();
	await vi.waitFor(() => expect(signals).toHaveLength(1));
	await fresh.runtimeOf(server.platform).ready();
	await vi.waitFor(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]));
	server.platform.publish('t', 'e');
	await vi.waitFor(() => expect(effects).toEqual(['new']));
	fresh.detach(server.platform);
	expect(signals[1]?.aborted).toBe(true);
	server.platform.publish('t', 'e');
	await new Promise((resolve) => setImmediate(resolve));
	expect(effects).toEqual(['new']);
});

it('does not take the place of an app from a copy of the package that knows no live modules', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	const [app, bare] = [await withManifest(stream('app')), await withManifest()];
	expect(await load(app, server.platform)).toBe('app');
	expect(await load(bare, server.platform)).toBe('app');
	app.detach(server.platform);
});

it('is found through the platform of a request, and lets go of its gate', async () => {
	const disposed: string[] = [];
	await using server = await createTestServer({ transport: 'memory' });
	const attach = await withManifest(stream('x'));
	const request = Object.create(server.platform) as typeof server.platform;
	const gate = vi.spyOn(server.platform, 'gate').mockReturnValue({ [Symbol.dispose]: () => void disposed.push('gate') });
	expect(attach.runtimeOf(request)).toBe(attach.runtimeOf(server.platform));
	expect(gate).toHaveBeenCalledOnce();
	attach.detach(request);
	expect(disposed).toEqual(['gate']);
	attach.detach(request);
});
