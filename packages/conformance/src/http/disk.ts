import { readdir, readlink, rm, truncate } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { exchange, RawClient, request } from './client.ts';
import { pattern, SITE, type HttpLaw } from './fixture.ts';

const MB = 1_048_576;

/** Takes `enough` bytes of a response without keeping them, and leaves. */
function taste(port: number, text: string, { enough, watch }: { readonly enough: number; watch(): void }): Promise<void> {
	return new Promise((resolve, reject) => {
		let taken = 0;
		const socket = connect(port, '127.0.0.1', () => socket.write(text));
		socket.on('data', (piece) => {
			taken += piece.length;
			watch();
			if (taken >= enough) socket.destroy();
		});
		socket.on('error', reject);
		socket.on('close', () => (taken >= enough ? resolve() : reject(new Error(`Only ${taken} bytes came.`))));
	});
}

async function isOpen(file: string): Promise<boolean> {
	const descriptors = await readdir('/proc/self/fd');
	const targets = await Promise.all(descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
	return targets.includes(file);
}

/** Files over the memory cap, which stay on disk. */
export function diskLaws(law: HttpLaw): void {
	law(
		'streams a file of 2 GB without taking it into memory, and lets go of it when the client leaves',
		async ({ port, publish }) => {
			const size = 2048 * MB;
			const directory = await publish({ 'video.mp4': size });
			const end = await exchange(port, request('GET /video.mp4', [`Range: bytes=${size - 3}-`]));
			expect([end.header('content-range'), end.body]).toEqual([`bytes ${size - 3}-${size - 1}/${size}`, Buffer.alloc(3)]);
			const before = process.memoryUsage.rss();
			let peak = before;
			let pieces = 0;
			const watch = (): void => void (pieces++ % 16 === 0 && (peak = Math.max(peak, process.memoryUsage.rss())));
			await taste(port, request('GET /video.mp4'), { enough: 512 * MB, watch });
			expect((peak - before) / MB).toBeLessThan(256);
			if (process.platform === 'linux')
				await vi.waitFor(async () => expect(await isOpen(join(directory, 'video.mp4'))).toBe(false), { timeout: 5000 });
		}
	);

	law('goes on with a file that is deleted while it is sent, and answers 500 to the next', async ({ port, publish, errors }) => {
		const bytes = pattern(24 * MB);
		const directory = await publish({ 'a.dat': bytes });
		const client = await RawClient.open(port);
		await client.send(request('GET /a.dat'));
		await client.until(() => client.pending > 0);
		client.pause();
		await rm(join(directory, 'a.dat'));
		client.resume();
		expect((await client.response()).body.equals(bytes)).toBe(true);
		await client.send(request('GET /a.dat'));
		expect((await client.response()).status).toBe(500);
		await vi.waitFor(() => expect(errors().join()).toMatch(/ENOENT/));
		client.drop();
	});

	law('ends the response alone whose file is cut while it is sent', async ({ port, publish, errors }) => {
		const directory = await publish({ 'a.dat': 64 * MB, 'b.dat': pattern(SITE.memoryCap + 1) });
		const client = await RawClient.open(port);
		await client.send(request('GET /a.dat'));
		await client.until(() => client.pending > 0);
		client.pause();
		await truncate(join(directory, 'a.dat'), 1000);
		client.resume();
		await client.closed();
		expect(client.pending).toBeLessThan(64 * MB);
		expect((await exchange(port, request('GET /b.dat'))).body.equals(pattern(SITE.memoryCap + 1))).toBe(true);
		await vi.waitFor(() => expect(errors().join()).toMatch(/a\.dat was cut at byte/));
	});

	law('sends nothing of a file that is not what it was', async ({ port, publish }) => {
		const directory = await publish({ 'a.dat': SITE.memoryCap + 1 });
		await truncate(join(directory, 'a.dat'), SITE.memoryCap + 2);
		const response = await exchange(port, request('GET /a.dat'));
		expect([response.status, response.header('etag'), response.header('cache-control')]).toEqual([500, undefined, undefined]);
	});
}
