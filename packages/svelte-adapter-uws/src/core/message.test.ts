import { expect, it } from 'vitest';
import type { Platform } from '../contract/platform.ts';
import { Message, toBuffer } from './message.ts';

const connection = { platform: {} as Platform };

it('gives text as text and as bytes', () => {
	const message = new Message(connection, 'é');
	expect(message.text).toBe('é');
	expect(message.isBinary).toBe(false);
	expect([...new Uint8Array(message.data)]).toEqual([0xc3, 0xa9]);
	expect(message.data).toBe(message.data);
	expect(message.platform).toBe(connection.platform);
});

it('gives bytes as a buffer that holds them and nothing else', () => {
	const message = new Message(connection, new Uint8Array([9, 1, 2, 9]).subarray(1, 3));
	expect(message.text).toBe('');
	expect(message.isBinary).toBe(true);
	expect([...new Uint8Array(message.data)]).toEqual([1, 2]);
});

it('can be taken apart, as hooks do', () => {
	const { data, isBinary, platform, text } = new Message(connection, 'x');
	expect([data.byteLength, isBinary, platform, text]).toEqual([1, false, connection.platform, 'x']);
});

it('does not copy bytes that fill their buffer', () => {
	const bytes = new Uint8Array([1, 2]);
	expect(toBuffer(bytes)).toBe(bytes.buffer);
});
