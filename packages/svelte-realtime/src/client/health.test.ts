import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { endPage, pageSlots } from '../../test/client/fresh-page.ts';
import { realtime } from '../hooks.ts';

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
	endPage(() => server.close());
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
	await vi.waitFor(() => expect(seen.at(-1)).toBe('healthy'));
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
	endPage();
	const { health } = await import('../client.ts');
	const seen: string[] = [];
	health.subscribe((value) => void seen.push(value))();
	expect([seen, pageSlots()[1]]).toEqual([['healthy'], undefined]);
});
