import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createUploadCall } from '../src/client/upload/call.ts';
import { live } from '../src/define/live.ts';
import { LiveError } from '../src/shared/error.ts';
import { createLiveServer, TRANSPORTS, until } from './live-server.ts';

const HOUR = 3_600_000;
afterEach(() => void vi.restoreAllMocks());

describe.each(TRANSPORTS)('a server on %s', (transport) => {
	it.runIf(process.platform === 'linux')('tells who uploads that the disk is full, as the app says it, and goes on', async () => {
		const save = live.upload((ctx) => pipeline(ctx.stream, createWriteStream('/dev/full'), { signal: ctx.signal }));
		const told = live.upload(async (ctx) => {
			await pipeline(ctx.stream, createWriteStream('/dev/full')).catch((error: NodeJS.ErrnoException) => {
				if (error.code === 'ENOSPC') throw new LiveError('STORAGE_FULL', 'There is no room for this file.');
			});
		});
		const count = live.upload(async (ctx) => {
			let sum = 0;
			for await (const part of ctx.stream) sum += part.length;
			return sum;
		});
		await using app = await createLiveServer({ 'm/save': save, 'm/told': told, 'm/count': count }, { transport });
		const page = app.page();
		const bytes = new Uint8Array(5_000_000);
		const to = (path: string) => createUploadCall(page.live, path)(bytes);
		await expect(to('m/save')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
		expect(app.errors).toMatchObject([['m/save', { code: 'ENOSPC' }]]);
		await expect(to('m/told')).rejects.toMatchObject({ code: 'STORAGE_FULL' });
		expect(await to('m/count')).toBe(bytes.length);
		await until(() => app.runtime.uploads.size === 0);
	});

	it('keeps no more than maxBackpressure for who asks and never reads, ends its connection, and serves others', async () => {
		const text = 'x'.repeat(10_000);
		const limit = 65_536;
		let look = (): void => {};
		await using app = await createLiveServer(
			{
				// What a handler publishes goes before its answer, which then leaves at the end of the turn.
				'm/answer': live((ctx) => (look(), ctx.publish('asked', 'set', 1), text)),
				'm/asked': live.stream('asked', () => 0, { merge: 'set' })
			},
			{ transport, wsOptions: { maxBackpressure: limit } }
		);
		const other = app.page();
		expect(await other.call('m/answer')()).toBe(text);
		const greedy = new WebSocket(app.server.wsUrl);
		const [connection] = await Promise.all([
			app.server.waitForConnection(),
			new Promise((resolve, reject) => void greedy.once('open', resolve).once('error', reject))
		]);
		greedy.send(JSON.stringify({ rpc: 'm/asked', id: 'follow', stream: true, args: [] }));
		await until(() => app.server.platform.subscribers('asked') === 1);
		greedy.pause();
		let most = 0;
		look = () => void (most = Math.max(most, connection.getBufferedAmount()));
		// What the system takes of a connection that is not read is megabytes. A turn that is read at once must not fill the limit.
		for (let asked = 0; !connection.signal.aborted; asked += 2) {
			for (let n = 0; n < 2; n++) greedy.send(JSON.stringify({ rpc: 'm/answer', id: `g${asked + n}`, args: [] }));
			expect(await other.call('m/answer').fresh()).toBe(text);
		}
		expect(most).toBeGreaterThan(0);
		expect(most).toBeLessThan(limit + 2 * text.length);
		greedy.terminate();
		await until(() => app.server.wsConnections.size === 1);
	});

	it('does not notice that the clock of the machine jumps', async () => {
		const hits = vi.fn(() => 'done');
		await using app = await createLiveServer(
			{
				'm/limited': live.rateLimit({ points: 2, window: HOUR / 2 }, () => 'in'),
				'm/once': live.idempotent({ ttl: 600 }, hits)
			},
			{ transport }
		);
		const page = app.page('ida');
		const { now } = Date;
		let jump = 0;
		vi.spyOn(Date, 'now').mockImplementation(() => now() + jump);
		const once = (): Promise<unknown> => page.call('m/once').with({ idempotencyKey: 'k' })();
		await once();
		await page.call('m/limited').fresh();
		await page.call('m/limited').fresh();
		for (jump of [2 * HOUR, -2 * HOUR, 0]) {
			await expect(page.call('m/limited').fresh()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
			await once();
			expect(app.server.wsConnections.size).toBe(1);
		}
		expect(hits).toHaveBeenCalledTimes(1);
		expect(page.client.connected).toBe(true);
	});
});
