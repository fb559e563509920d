import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Writable } from 'node:stream';
import * as ws from 'ws';
import type { Frame } from '../../contract/transport.ts';
import { preFrame } from './pre-frame.ts';

/** The parser of `ws`, which its types leave out. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: { isServer: boolean }) => Writable };

/** What a WebSocket peer reads out of bytes. */
function read(bytes: Uint8Array): Promise<Frame> {
	return new Promise((resolve, reject) => {
		const receiver = new Receiver({ isServer: false });
		receiver.on('message', (data: Buffer, isBinary: boolean) => resolve(isBinary ? new Uint8Array(data) : data.toString()));
		receiver.on('error', reject);
		receiver.write(Buffer.from(bytes));
	});
}

it('is read as the frame it was made of, whatever its length', async () => {
	for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
		expect(await read(preFrame('x'.repeat(length)))).toBe('x'.repeat(length));
		expect(await read(preFrame(new Uint8Array(length).fill(7)))).toEqual(new Uint8Array(length).fill(7));
	}
});

it('is read as the frame it was made of, whatever it holds', async () => {
	const text = fc.array(fc.nat(0xffff), { maxLength: 200 }).map((units) => String.fromCharCode(...units));
	await fc.assert(
		fc.asyncProperty(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), async (frame) => {
			expect(await read(preFrame(frame))).toEqual(typeof frame === 'string' ? frame.toWellFormed() : frame);
		})
	);
});

it('counts bytes, not characters, and makes lone surrogates well formed', async () => {
	expect(await read(preFrame('ä'.repeat(100)))).toBe('ä'.repeat(100));
	expect(await read(preFrame('a\ud800b'))).toBe('a\ufffdb');
});

it('holds a copy: bytes that change later do not change it', async () => {
	const bytes = new Uint8Array([1, 2, 3, 4]);
	const frame = preFrame(bytes.subarray(1, 3));
	bytes.fill(9);
	expect(await read(frame)).toEqual(new Uint8Array([2, 3]));
});
