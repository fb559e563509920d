import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { Sums as ServerSums } from '../../runtime/upload/sums.ts';
import { encodeSums, HASH_BLOCK, readControl } from '../../shared/upload-frame.ts';
import { Sums } from './sums.ts';

afterEach(() => vi.unstubAllGlobals());

/** The sums of bytes that come in parts of these lengths. */
async function sumsOf(bytes: Uint8Array, lengths: readonly number[]) {
	const client = new Sums();
	const server = new ServerSums(client.announced);
	let at = 0;
	for (const [i, length] of [...lengths, bytes.length].entries()) {
		const part = bytes.subarray(at, at + length);
		await client.add(part, i === lengths.length);
		server.add(part);
		at += part.length;
	}
	return { client, server };
}
const hash = (...parts: readonly Uint8Array[]): Buffer =>
	parts.reduce<ReturnType<typeof createHash>>((made, part) => made.update(part), createHash('sha256')).digest();

it('is plain SHA-256 up to one block, and hangs further blocks on it, however the bytes were parted', async () => {
	const bytes = Uint8Array.from({ length: 2 * HASH_BLOCK + 5 }, (_, i) => i * 7);
	const [one, two, rest] = [
		bytes.subarray(0, HASH_BLOCK),
		bytes.subarray(HASH_BLOCK, 2 * HASH_BLOCK),
		bytes.subarray(2 * HASH_BLOCK)
	];
	for (const [upTo, expected] of [
		[0, hash()],
		[9, hash(bytes.subarray(0, 9))],
		[HASH_BLOCK, hash(one)],
		[2 * HASH_BLOCK, hash(hash(one), two)],
		[bytes.length, hash(hash(hash(one), two), rest)]
	] as const) {
		const { client } = await sumsOf(bytes.subarray(0, upTo), [3, 0, HASH_BLOCK]);
		expect(client.values).toEqual({ crc32: crc32(bytes.subarray(0, upTo)), sha256: expected.toString('hex') });
	}
});

it('is the same on both ends, whatever the parts are, and another for other bytes', async () => {
	const bytes = Uint8Array.from({ length: HASH_BLOCK + 1_000 }, (_, i) => i * 11);
	const length = fc.oneof(fc.nat(2_000), fc.nat(HASH_BLOCK));
	await fc.assert(
		fc.asyncProperty(fc.array(length, { maxLength: 5 }), fc.nat(bytes.length), async (lengths, upTo) => {
			const { client, server } = await sumsOf(bytes.subarray(0, upTo), lengths);
			for (const control of encodeSums(5, client.values).map(readControl)) {
				expect(control).toMatchObject({ id: 5 });
				server.expect(control as object);
			}
			expect(server.isRight()).toBe(true);
			server.expect({ sha256: '0'.repeat(64) });
			expect(server.isRight()).toBe(false);
			expect(JSON.stringify(client.longest).length).toBeGreaterThanOrEqual(JSON.stringify(client.values).length);
		}),
		{ numRuns: 20 }
	);
});

it('has the CRC-32 alone outside of a secure context', async () => {
	vi.stubGlobal('crypto', {});
	const sums = new Sums();
	await sums.add(Uint8Array.of(1, 2, 3), true);
	expect([sums.announced, sums.values]).toEqual([{ crc32: true }, { crc32: crc32(Uint8Array.of(1, 2, 3)) }]);
	expect(encodeSums(5, sums.values)).toHaveLength(1);
});
