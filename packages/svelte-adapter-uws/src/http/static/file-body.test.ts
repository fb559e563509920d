import { mkdtemp, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fileBody, type FileOnDisk } from './file-body.ts';

let directory: string;
let file: FileOnDisk;
const bytes = Uint8Array.from({ length: 300_000 }, (_, n) => n ^ (n >> 8));

beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), 'file-body-'));
	const path = join(directory, 'a.dat');
	await writeFile(path, bytes);
	const { size, mtimeMs: modified } = await stat(path);
	file = { path, size, modified };
});
afterEach(() => rm(directory, { recursive: true }));

const collect = async (stream: ReadableStream<Uint8Array>): Promise<Buffer> =>
	Buffer.from(await new Response(stream).arrayBuffer());

it('reads any part of a file', async () => {
	for (const [start, length] of [
		[0, 300_000],
		[0, 1],
		[299_999, 1],
		[100_000, 150_000]
	] as const)
		expect((await collect(fileBody(file, start, length))).equals(bytes.subarray(start, start + length))).toBe(true);
});

it('reads nothing before it is asked to, and no more than one chunk at a time', async () => {
	const reader = fileBody(file, 0, 300_000).getReader();
	await reader.read();
	// What is not read yet can still be lost.
	await truncate(file.path, 0);
	await expect(reader.read()).rejects.toThrow(/was cut at byte \d+/);
	const late = fileBody(file, 0, 300_000).getReader();
	await expect(late.read()).rejects.toThrow(/has changed since the server started/);
});

it.each([
	['is gone', () => rm(file.path), /ENOENT/],
	['is longer', () => writeFile(file.path, 'x', { flag: 'a' }), /has changed/],
	['was written at another time', () => utimes(file.path, 1, 1), /has changed/]
])('sends nothing of a file that %s', async (_, change, error) => {
	await change();
	await expect(collect(fileBody(file, 0, 300_000))).rejects.toThrow(error);
});

it('goes on with a file that is deleted while it is read', async () => {
	const reader = fileBody(file, 0, 300_000).getReader();
	const parts = [(await reader.read()).value!];
	await rm(file.path);
	for (let next = await reader.read(); !next.done; next = await reader.read()) parts.push(next.value);
	expect(Buffer.concat(parts).equals(bytes)).toBe(true);
});

it('stops when it is cancelled', async () => {
	const reader = fileBody(file, 0, 300_000).getReader();
	await reader.read();
	await reader.cancel();
	expect(await reader.read()).toEqual({ done: true, value: undefined });
	await fileBody(file, 0, 300_000).cancel();
});
