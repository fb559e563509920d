import { expect, it } from 'vitest';
import { takeWhole } from './whole.ts';

const bytes = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size).fill(7);

function stream(make: (controller: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>): Response {
	return new Response(new ReadableStream<Uint8Array>({ start: (controller) => void make(controller) }), {
		status: 203,
		headers: { x: 'y' }
	});
}

it.each([
	['a text', () => new Response('abc'), 3],
	['nothing but an end', () => new Response(''), 0],
	['a large buffer', () => new Response(bytes(5_000_000)), 5_000_000],
	[
		'chunks that are all there',
		() => stream((controller) => (controller.enqueue(bytes(2)), controller.enqueue(bytes(3)), controller.close())),
		5
	]
])('takes %s', async (_, make, size) => {
	expect((await takeWhole(make())).bytes?.byteLength).toBe(size);
});

it('gives back a body that makes its reader wait, with what was read of it', async () => {
	let controller!: ReadableStreamDefaultController<Uint8Array>;
	const { response } = await takeWhole(stream((given) => void (controller = given)));
	const late = await takeWhole(response!);
	controller.enqueue(bytes(1));
	const later = await takeWhole(late.response!);
	controller.enqueue(bytes(2));
	controller.close();
	expect([later.response?.status, later.response?.headers.get('x')]).toEqual([203, 'y']);
	expect((await later.response!.arrayBuffer()).byteLength).toBe(3);
});

it('collects no endless body, however fast it comes', async () => {
	let pulled = 0;
	let cancelled: unknown;
	const endless = new ReadableStream<Uint8Array>({
		pull: (controller) => (pulled++, controller.enqueue(bytes(65_536))),
		cancel: (reason) => void (cancelled = reason)
	});
	const { response } = await takeWhole(new Response(endless));
	expect(pulled).toBeLessThan(20);
	const reader = response!.body!.getReader();
	await reader.read();
	await reader.cancel('left');
	expect(cancelled).toBe('left');
});

it('gives back a body that has failed, to fail again for its reader', async () => {
	const { response } = await takeWhole(stream((controller) => controller.error(new Error('broken'))));
	await expect(response!.text()).rejects.toThrow('broken');
	const none = new Response(null);
	expect((await takeWhole(none)).response).toBe(none);
});
