import { expect, it } from 'vitest';
import { PayloadTooLargeError, RequestBody } from './request-body.ts';

function create(limit = Infinity) {
	const calls: string[] = [];
	const body = new RequestBody(limit, { pause: () => calls.push('pause'), resume: () => calls.push('resume') });
	return { body, calls, read: () => new Response(body.stream).text() };
}

const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(97);

it('asks for nothing before somebody reads', async () => {
	const { body, calls } = create();
	await new Promise(setImmediate);
	expect(calls).toEqual([]);
	const reader = body.stream.getReader();
	const read = reader.read();
	expect(calls).toEqual(['resume']);
	body.push(bytes(3));
	expect((await read).value).toHaveLength(3);
});

it('gives the chunks in order, and the end', async () => {
	const { body, read } = create();
	const text = read();
	for (const part of ['a', '', 'b', 'c']) body.push(new TextEncoder().encode(part));
	body.end();
	expect(await text).toBe('abc');
});

it('pauses the connection while much lies unread, and goes on when it has been read', async () => {
	const { body, calls } = create();
	body.push(bytes(65_535));
	expect(calls).toEqual([]);
	body.push(bytes(1));
	expect(calls).toEqual(['pause']);
	const reader = body.stream.getReader();
	await reader.read();
	await reader.read();
	void reader.read();
	expect(calls).toEqual(['pause', 'resume']);
});

it('errors past the limit, and throws the rest away', async () => {
	const { body, calls, read } = create(5);
	body.push(bytes(5));
	expect(body.tooLarge).toBe(false);
	body.push(bytes(1));
	expect(body.tooLarge).toBe(true);
	await expect(read()).rejects.toThrow(PayloadTooLargeError);
	expect(calls).toContain('resume');
	body.push(bytes(100));
	body.end();
	expect(body.wanted).toBe(false);
});

it('passes on why the client left, and leaves a connection alone that is gone', async () => {
	const { body, calls, read } = create();
	body.push(bytes(65_536));
	body.fail(new Error('left'));
	await expect(read()).rejects.toThrow('left');
	body.fail(new Error('again'));
	body.release();
	expect(calls).toEqual(['pause']);
});

it('throws the rest away when the app does not want it', async () => {
	const { body, calls } = create();
	await body.stream.cancel();
	expect(body.wanted).toBe(false);
	body.push(bytes(100_000));
	expect(calls).toEqual(['resume']);
});

it('does not care for a release after the end', async () => {
	const { body, read } = create();
	body.push(bytes(2));
	body.end();
	body.release();
	expect(await read()).toBe('aa');
});

it('touches the connection once when it is given up, whoever reads on', async () => {
	const { body, calls, read } = create();
	body.release();
	body.release();
	await expect(read()).rejects.toThrow('answered before its body was read');
	expect(calls).toEqual(['resume']);
});
