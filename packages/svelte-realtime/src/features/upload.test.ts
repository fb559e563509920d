import { createHash } from 'node:crypto';
import { manualClock } from 'svelte-adapter-uws/testing';
import { describe, expect, it, vi } from 'vitest';
import { createLiveServer, TRANSPORTS, until, type Page } from '../../test/live-server.ts';
import { createUploadCall } from '../client/upload/call.ts';
import { guard, live } from '../define/live.ts';
import type { UploadContext, UploadOptions } from '../define/transfer.ts';
import { LiveError } from '../shared/error.ts';
import { encodeControl } from '../shared/upload-frame.ts';

const MB = 1024 * 1024;

function noise(length: number): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(length);
	let state = 1;
	for (let i = 0; i < length; i++) bytes[i] = state = (state * 48_271) % 2_147_483_647;
	return bytes;
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Reads it all; gives the length and the hash. */
async function digest(ctx: UploadContext): Promise<{ length: number; hash: string }> {
	const hash = createHash('sha256');
	let length = 0;
	for await (const part of ctx.stream) {
		hash.update(part);
		length += part.length;
	}
	return { length, hash: hash.digest('hex') };
}

const digesting = (options?: UploadOptions) =>
	live.upload(async (ctx, ...args: unknown[]) => ({ ...(await digest(ctx)), args, size: ctx.upload.size }), options);
const to = (page: Page, path: string) => createUploadCall(page.live, path);
const rest = async (app: { readonly runtime: { readonly uploads: { readonly size: number; readonly budget: object } } }) => {
	await until(() => app.runtime.uploads.size === 0);
	expect(app.runtime.uploads.budget).toMatchObject({ promised: 0, early: 0 });
};

describe.each(TRANSPORTS)('live.upload on %s', (transport) => {
	it('reads what is uploaded, whatever it comes from', async () => {
		await using app = await createLiveServer({ 'files/put': digesting() }, { transport });
		const page = app.page();
		const bytes = noise(3 * MB + 17);
		const expected = { length: bytes.length, hash: sha(bytes), args: ['a.bin', 1] };
		const stream = new ReadableStream<Uint8Array>({
			start(controller) {
				for (let at = 0; at < bytes.length; at += 70_001) controller.enqueue(bytes.subarray(at, at + 70_001));
				controller.close();
			}
		});
		for (const source of [bytes, bytes.buffer, new Blob([bytes])])
			await expect(to(page, 'files/put')(source, 'a.bin', 1)).resolves.toEqual({ ...expected, size: bytes.length });
		await expect(to(page, 'files/put')(stream, 'a.bin', 1)).resolves.toEqual(expected);
		await expect(to(page, 'files/put')(new Blob([]))).resolves.toMatchObject({ length: 0, size: 0 });
		await rest(app);
	});

	it('lets a slow handler slow its client, and keeps little of 20 MB at a time', async () => {
		const bytes = noise(20 * MB);
		let most = 0;
		const definition = live.upload(async (ctx) => {
			const hash = createHash('sha256');
			for await (const part of ctx.stream) {
				hash.update(part);
				// A turn of the event loop for each part: the client could send far more in it.
				await new Promise((resolve) => setImmediate(resolve));
				most = Math.max(most, app.runtime.uploads.budget.promised);
			}
			return hash.digest('hex');
		});
		await using app = await createLiveServer({ 'files/put': definition }, { transport });
		const handle = to(app.page(), 'files/put')(bytes);
		const seen: number[] = [];
		handle.on('progress', ({ percent }) => void seen.push(percent!));
		await expect(handle).resolves.toBe(sha(bytes));
		expect(most).toBeLessThanOrEqual(MB);
		expect([handle.sent, handle.total, handle.progress, seen.at(-1)]).toEqual([bytes.length, bytes.length, 1, 100]);
		expect(seen).toEqual(seen.toSorted((a, b) => a - b));
		await rest(app);
	});

	it('sends no more than the first part before the handler reads', async () => {
		const go = Promise.withResolvers<void>();
		const definition = live.upload(async (ctx) => {
			await go.promise;
			return (await digest(ctx)).length;
		});
		await using app = await createLiveServer({ 'files/put': definition }, { transport });
		const page = app.page();
		const handle = to(page, 'files/put')(new Uint8Array(MB));
		await until(() => handle.sent > 0);
		await page
			.call('files/none')()
			.catch(() => {});
		expect([handle.chunks, app.runtime.uploads.budget.early]).toEqual([1, handle.sent]);
		expect(handle.sent).toBeLessThan(16_384);
		go.resolve();
		await expect(handle).resolves.toBe(MB);
	});

	it('goes on over another connection, without a byte lost or twice', async () => {
		const bytes = noise(6 * MB);
		let reads = 0;
		const page: { it?: Page } = {};
		const definition = live.upload(async (ctx) => {
			const hash = createHash('sha256');
			for await (const part of ctx.stream) {
				hash.update(part);
				if (++reads % 150 === 0) page.it!.sockets.at(-1)!.close();
				if (reads % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
			}
			return hash.digest('hex');
		});
		await using app = await createLiveServer({ 'files/put': definition }, { transport });
		page.it = app.page('ann');
		await expect(to(page.it, 'files/put')(bytes)).resolves.toBe(sha(bytes));
		expect(page.it.sockets.length).toBeGreaterThan(2);
		await rest(app);
	}, 20_000);

	it('keeps the result for a client that was away when it came', async () => {
		const go = Promise.withResolvers<void>();
		const definition = live.upload(async (ctx) => {
			await digest(ctx);
			await go.promise;
			return 'done';
		});
		await using app = await createLiveServer({ 'files/put': definition }, { transport });
		const page = app.page('ann');
		const handle = to(page, 'files/put')(new Uint8Array(100_000));
		await until(() => handle.sent === 100_000);
		app.platform.tap(() => {});
		page.sockets[0]!.close();
		await until(() => app.platform.connections === 0 || page.sockets.length > 1);
		go.resolve();
		await expect(handle).resolves.toBe('done');
		await rest(app);
	});

	it('gives up when it is cancelled, and tells the handler', async () => {
		const seen: unknown[] = [];
		const definition = live.upload(async (ctx) => {
			ctx.signal.addEventListener('abort', () => seen.push(ctx.signal.reason.code));
			await digest(ctx).catch((error: LiveError) => seen.push(error.code));
		});
		await using app = await createLiveServer({ 'files/put': definition }, { transport });
		const handle = to(app.page(), 'files/put')(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(50_000)) }));
		const events: unknown[] = [];
		handle.on('cancel', (reason) => events.push(['cancel', reason]));
		handle.on('error', ({ code }) => events.push(['error', code]));
		await until(() => handle.sent > 2 * MB);
		handle.cancel('enough');
		handle.cancel('again');
		await expect(handle).rejects.toMatchObject({ code: 'CANCELLED', message: 'enough', indeterminate: true });
		expect(events).toEqual([
			['cancel', 'enough'],
			['error', 'CANCELLED']
		]);
		await until(() => seen.length === 2);
		expect(seen.toSorted()).toEqual(['CANCELLED', 'CANCELLED']);
		await rest(app);
		expect(app.errors).toEqual([]);
	});
});

it('takes the answer of a handler that reads only the beginning, or nothing', async () => {
	await using app = await createLiveServer({
		'files/some': live.upload(async (ctx) => {
			for await (const part of ctx.stream) return part.length > 0;
		}),
		'files/none': live.upload(() => 'none'),
		'files/bad': live.upload(() => {
			throw new Error('secret');
		}),
		'files/typed': live.upload(() => {
			throw new LiveError('NO_ROOM', 'The disk is full.');
		})
	});
	const page = app.page();
	const bytes = new Uint8Array(3 * MB);
	await expect(to(page, 'files/some')(bytes)).resolves.toBe(true);
	await expect(to(page, 'files/none')(bytes)).resolves.toBe('none');
	await expect(to(page, 'files/typed')(bytes)).rejects.toMatchObject({ code: 'NO_ROOM', message: 'The disk is full.' });
	await expect(to(page, 'files/bad')(bytes)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(app.errors.map(([path]) => path)).toEqual(['files/bad']);
	await rest(app);
});

it('asks guards and wrappers before a handler, and the guard again while it reads', async () => {
	const state = { allowed: true };
	await using app = await createLiveServer(
		{
			'files/put': digesting({ reauthEvery: 100_000 }),
			'files/scoped': live.rateLimit(
				{ points: 1, window: 60_000 },
				live.scoped((ctx) => ctx.user.id === 'ann', digesting())
			),
			'files/turning': live.upload(
				async (ctx) => {
					let bytes = 0;
					for await (const part of ctx.stream) if ((bytes += part.length) > MB) state.allowed = false;
					return bytes;
				},
				{ reauthEvery: 100_000 }
			)
		},
		{
			guard: guard({ authenticated: true }, () => {
				if (!state.allowed) throw new LiveError('REVOKED');
			})
		}
	);
	const [ann, bob, nobody] = [app.page('ann'), app.page('bob'), app.page()];
	await expect(to(nobody, 'files/put')(new Uint8Array(MB))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
	await expect(to(bob, 'files/scoped')(new Uint8Array(MB))).rejects.toMatchObject({ code: 'FORBIDDEN' });
	await expect(to(ann, 'files/scoped')(new Uint8Array(10))).resolves.toMatchObject({ length: 10 });
	await expect(to(ann, 'files/scoped')(new Uint8Array(10))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
	await expect(to(ann, 'files/put')(new Uint8Array(MB))).resolves.toMatchObject({ length: MB });
	await expect(to(ann, 'files/turning')(new Uint8Array(20 * MB))).rejects.toMatchObject({ code: 'REVOKED' });
	await rest(app);
});

it('keeps to its caps', async () => {
	const go = Promise.withResolvers<void>();
	const waiting = (options: UploadOptions) =>
		live.upload(async (ctx) => {
			await go.promise;
			return (await digest(ctx)).length;
		}, options);
	await using app = await createLiveServer({
		'files/small': digesting({ maxSize: 1_000 }),
		'files/four': waiting({}),
		'files/two': waiting({ maxConcurrentTotal: 2 }),
		'files/call': live(() => 1)
	});
	const [page, other] = [app.page(), app.page()];
	await expect(to(page, 'files/small')(new Uint8Array(1_000))).resolves.toMatchObject({ length: 1_000 });
	await expect(to(page, 'files/small')(new Uint8Array(1_001))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
	const stream = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(500)) });
	await expect(to(page, 'files/small')(stream)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
	const four = Array.from({ length: 4 }, () => to(page, 'files/four')(new Uint8Array(10)));
	await until(() => app.runtime.uploads.size === 4);
	await expect(to(page, 'files/four')(new Uint8Array(10))).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS' });
	const two = Array.from({ length: 2 }, () => to(other, 'files/two')(new Uint8Array(10)));
	await until(() => app.runtime.uploads.size === 6);
	await expect(to(app.page(), 'files/two')(new Uint8Array(10))).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS' });
	go.resolve();
	await expect(Promise.all([...four, ...two])).resolves.toEqual([10, 10, 10, 10, 10, 10]);
	await expect(to(page, 'files/nowhere')(new Uint8Array(10))).rejects.toMatchObject({ code: 'NOT_FOUND' });
	await expect(to(page, 'files/call')(new Uint8Array(10))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
	await expect(page.call('files/four')()).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
	await rest(app);
});

it('says at once what cannot be uploaded', async () => {
	await using app = await createLiveServer({ 'files/put': digesting() });
	const page = app.page();
	const put: any = to(page, 'files/put');
	await expect(put('text')).rejects.toMatchObject({ code: 'SOURCE_ERROR' });
	await expect(put(new Uint8Array(1), 'x'.repeat(70_000))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
	await expect(put(new Uint8Array(1), 1n)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
	const broken = new ReadableStream({
		pull(controller) {
			controller.enqueue(new Uint8Array(100_000));
			controller.error(new Error('the disk is gone'));
		}
	});
	await expect(put(broken)).rejects.toMatchObject({ code: 'SOURCE_ERROR', message: expect.stringContaining('the disk is gone') });
	await expect(put(new ReadableStream({ start: (to) => to.enqueue('text') }))).rejects.toMatchObject({ code: 'SOURCE_ERROR' });
	const cancelled = put(new Uint8Array(1));
	cancelled.cancel();
	await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
	page.client.close();
	await expect(put(new Uint8Array(1))).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
	await rest(app);
});

it('waits for a client that is away, and not for ever; nor for one that is silent', async () => {
	const clock = manualClock();
	const codes: string[] = [];
	const definition = live.upload(async (ctx) => {
		await digest(ctx).catch((error: LiveError) => codes.push(error.code));
	});
	await using app = await createLiveServer({ 'files/put': definition }, { runtime: { clock } });
	const away = app.page('ann');
	const first = to(away, 'files/put')(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(20_000)) }));
	await until(() => first.sent > 0 && app.runtime.uploads.budget.promised > 0);
	away.client.close();
	await expect(first).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', indeterminate: true });
	await until(() => app.platform.connections === 0);
	clock.advance(29_999);
	expect([codes, app.runtime.uploads.size]).toEqual([[], 1]);
	clock.advance(1);
	await until(() => codes.length === 1);
	const silent = to(app.page('bob'), 'files/put')(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(20_000)) }));
	await until(() => silent.sent > 0 && app.runtime.uploads.budget.promised > 0);
	clock.advance(60_000);
	await expect(silent).rejects.toMatchObject({ code: 'TIMEOUT' });
	expect(codes).toEqual(['DISCONNECTED', 'TIMEOUT']);
	await rest(app);
});

it('refuses options that cannot work', () => {
	for (const options of [
		{ maxSize: 0 },
		{ reauthEvery: -1 },
		{ resumeMs: -1 },
		{ idleMs: 0 },
		{ maxBufferedChunks: 1.5 },
		{ max: 1 }
	])
		expect(() => live.upload(() => 1, options as UploadOptions)).toThrow(Object.keys(options)[0]);
	expect(() => live.upload(1 as never)).toThrow('fn');
});

it('sends the end again, and asks for the answer again, when they were lost with the connection', async () => {
	let losses = 0;
	await using app = await createLiveServer({ 'files/put': digesting() });
	const isLast = (frame: unknown): boolean => frame instanceof Uint8Array && frame[0] === 1 && (frame[1]! & 2) !== 0;
	const page = app.page('ann', (socket) => {
		const send = socket.send.bind(socket);
		socket.send = (frame) => {
			if (!isLast(frame)) return send(frame);
			if (losses++ !== 0) send(frame);
			// The first time the end is lost, the second time the answer to it.
			if (losses < 3) socket.close();
		};
	});
	const bytes = noise(200_000);
	await expect(to(page, 'files/put')(bytes)).resolves.toMatchObject({ hash: sha(bytes) });
	expect([losses, page.sockets.length]).toEqual([2, 3]);
	await rest(app);
});

it('waits for another connection where a socket that is closing takes nothing any more', async () => {
	await using app = await createLiveServer({ 'files/put': digesting() });
	let parts = 0;
	const page = app.page('ann', (socket) => {
		const send = socket.send.bind(socket);
		socket.send = (frame) => {
			send(frame);
			if (frame instanceof Uint8Array && frame[0] === 1 && ++parts === 5) socket.close();
		};
	});
	const bytes = noise(300_000);
	await expect(to(page, 'files/put')(bytes)).resolves.toMatchObject({ hash: sha(bytes) });
	expect(page.sockets).toHaveLength(2);
	await rest(app);
});

it('goes on for the user who began it alone', async () => {
	await using app = await createLiveServer({ 'files/put': digesting() });
	const [ann, bob] = [app.page('ann'), app.page('bob')];
	const said = (page: Page, id: string) =>
		new Promise<any>((resolve) => {
			page.client.tap((envelopes) => {
				for (const { topic, event, data } of envelopes) if (topic === '__upload' && event === id) resolve(data);
			});
		});
	const handle = to(ann, 'files/put')(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(20_000)) }));
	const { token } = await said(ann, handle.streamIdHex);
	await bob.client.ready();
	const refused = said(bob, handle.streamIdHex);
	bob.client.sendNow(encodeControl({ type: 'resume', id: handle.streamId, token }));
	expect(await refused).toMatchObject({ ok: false, code: 'DISCONNECTED' });
	expect(app.runtime.uploads.size).toBe(1);
	handle.cancel();
	await expect(handle).rejects.toMatchObject({ code: 'CANCELLED' });
	await rest(app);
});

it.each(['closes', 'is late', 'goes on'])(
	'forgets no upload whose second connection %s while the guard is asked',
	async (what) => {
		const clock = manualClock();
		const go = Promise.withResolvers<void>();
		let held: Promise<void> | undefined;
		const passes = vi.fn(() => held);
		await using app = await createLiveServer({ 'files/put': digesting() }, { guard: guard(passes), runtime: { clock } });
		const [ann, again, third] = [app.page('ann'), app.page('ann'), app.page('ann')];
		const told = (page: Page, id: string, is: (data: any) => boolean) =>
			new Promise<any>((resolve) => {
				page.client.tap((envelopes) => {
					for (const { topic, event, data } of envelopes) if (topic === '__upload' && event === id && is(data)) resolve(data);
				});
			});
		const handle = to(ann, 'files/put')(new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(20_000)) }));
		void Promise.resolve(handle).catch(() => {});
		const { token } = await told(ann, handle.streamIdHex, (data) => data.token);
		const resume = encodeControl({ type: 'resume', id: handle.streamId, token });
		await Promise.all([again.client.ready(), third.client.ready()]);
		const gone = told(again, handle.streamIdHex, (data) => data.code === 'DISCONNECTED');
		const here = told(third, handle.streamIdHex, (data) => data.next === 1);
		held = go.promise;
		again.client.sendNow(resume);
		await until(() => passes.mock.calls.length === 2);
		if (what === 'closes') {
			again.client.close();
			await until(() => app.platform.connections === 2);
		}
		if (what === 'goes on') {
			third.client.sendNow(resume);
			await until(() => passes.mock.calls.length === 3);
			go.resolve();
			await here;
			again.client.close();
			await until(() => app.platform.connections === 2);
			clock.advance(59_999);
			expect(app.runtime.uploads.size).toBe(1);
			third.client.close();
			await until(() => app.platform.connections === 1);
		}
		expect(app.runtime.uploads.size).toBe(1);
		clock.advance(30_000);
		await rest(app);
		go.resolve();
		if (what === 'is late') await gone;
		await rest(app);
	}
);

it('takes frames as small as the page says, and marks of the socket', async () => {
	await using app = await createLiveServer({ 'files/put': digesting() });
	const page = app.page();
	await page.client.ready();
	const live = { ...page.live(), upload: () => ({ frameSize: 1, highWaterMark: 10_000, lowWaterMark: 0 }) };
	const bytes = noise(300_000);
	const handle = createUploadCall(() => live, 'files/put')(bytes);
	await expect(handle).resolves.toMatchObject({ hash: sha(bytes) });
	expect(handle.chunks).toBeGreaterThan(300_000 / 4_352);
	expect(handle.bytesPerSec).toBeGreaterThan(0);
});
