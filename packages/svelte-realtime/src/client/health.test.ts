import { createTestServer } from 'svelte-adapter-uws/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { realtime } from '../hooks.ts';

const PAGES = ['svelte-realtime.page', 'svelte-adapter-uws.page'].map((name) => Symbol.for(name));
const slots = globalThis as unknown as Record<symbol, { value?: { close(): void } } | undefined>;
const closing: (() => unknown)[] = [];

afterEach(async () => {
	slots[PAGES[1]!]?.value?.close();
	for (const page of PAGES) delete slots[page];
	for (const close of closing.splice(0)) await close();
});

it('says how the bus of the server is, to all who watch, and begins anew with each connection', async () => {
	const { open, ...hooks } = realtime();
	const server = await createTestServer({
		handler: {
			...hooks,
			open(ws, context) {
				ws.subscribe('__realtime');
				open(ws, context);
			}
		}
	});
	closing.push(() => server.close());
	const { configure, health } = await import('../client.ts');
	configure({ url: server.wsUrl });
	const seen: string[] = [];
	const stop = health.subscribe((value) => void seen.push(value));
	await vi.waitFor(() => expect(server.platform.subscribers('__realtime')).toBe(1));
	const tell = (event: string): unknown => server.platform.publish('__realtime', event, { at: 1 });
	tell('degraded');
	await vi.waitFor(() => expect(seen).toEqual(['healthy', 'degraded']));
	const late: string[] = [];
	const leave = health.subscribe((value) => void late.push(value));
	expect(late).toEqual(['degraded']);
	tell('other');
	tell('recovered');
	await vi.waitFor(() => expect(late).toEqual(['degraded', 'healthy']));
	tell('degraded');
	await vi.waitFor(() => expect(seen.at(-1)).toBe('degraded'));
	for (const ws of server.wsConnections) ws.close(4000);
	await vi.waitFor(() => expect(seen.at(-1)).toBe('healthy'), 5_000);
	await vi.waitFor(() => expect(server.platform.subscribers('__realtime')).toBe(1));
	tell('degraded');
	await vi.waitFor(() => expect(seen.at(-1)).toBe('degraded'));
	leave();
	leave();
	stop();
	health.subscribe((value) => void seen.push(value))();
	expect(seen.at(-1)).toBe('healthy');
});

it('is healthy where there is no connection, and opens none while a page is rendered', async () => {
	const { health } = await import('../client.ts');
	const seen: string[] = [];
	health.subscribe((value) => void seen.push(value))();
	expect([seen, slots[PAGES[1]!]]).toEqual([['healthy'], undefined]);
});
