import { createTestServer, manualClock } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { detach } from './attach.ts';
import { startBus } from './bus-start.ts';
import { realtime } from './hooks.ts';
import type { ClusterBus } from './relay.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('starts with the server, and tells connections how it is', async () => {
	const bus = {
		wrap: (platform) => platform,
		activate: vi.fn(),
		hooks: {
			open(ws, { platform }) {
				ws.subscribe('__realtime');
				platform.publish('__realtime', 'degraded', { at: 1 }, { relay: false, seq: false });
			}
		}
	} satisfies ClusterBus;
	const { init, open, message } = realtime({ bus });
	await using server = await createTestServer({ transport: 'memory', handler: { init, open, message } });
	expect(bus.activate).toHaveBeenCalledExactlyOnceWith(server.platform);
	const peer = await server.connect();
	const events: unknown[] = [];
	peer.onmessage = (frame) => {
		const { topic, event } = JSON.parse(String(frame));
		if (topic === '__realtime') events.push(event);
	};
	await vi.waitFor(() => expect(events).toEqual(['degraded']));
	detach(server.platform);
});

it('lets a server serve without a bus that fails or hangs, and tries again later and later', async () => {
	const failures: unknown[] = [];
	let attempts = 0;
	const clock = manualClock();
	const bus: ClusterBus = {
		wrap: (platform) => platform,
		activate: () => (++attempts < 4 ? Promise.reject(new Error(`attempt ${attempts}`)) : undefined)
	};
	const options = {
		after: (ms: number, run: () => void) => clock.after(ms, run),
		failed: (error: unknown) => failures.push(error)
	};
	{
		using started = startBus(bus, {} as never, options);
		await started.tried;
		for (const pause of [1_000, 2_000, 4_000]) {
			clock.advance(pause - 1);
			await settle();
			const before = attempts;
			clock.advance(1);
			await settle();
			expect(attempts).toBe(before + 1);
		}
		expect(failures).toEqual([1, 2, 3].map((n) => new Error(`attempt ${n}`)));
	}
	expect(clock.pending).toBe(0);
	using hanging = startBus({ ...bus, activate: () => new Promise(() => {}) }, {} as never, options);
	clock.advance(5_000);
	await hanging.tried;
});

it('tries no more once the server ends', async () => {
	const clock = manualClock();
	let attempts = 0;
	const bus: ClusterBus = {
		wrap: (platform) => platform,
		activate() {
			attempts++;
			throw new Error('no');
		}
	};
	const started = startBus(bus, {} as never, { after: (ms, run) => clock.after(ms, run), failed: () => {} });
	await started.tried;
	started[Symbol.dispose]();
	expect(clock.pending).toBe(0);
	expect(attempts).toBe(1);
});
