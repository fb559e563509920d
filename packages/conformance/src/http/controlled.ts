/** A body in the hands of a test. */
export function controlled(): {
	readonly stream: ReadableStream<Uint8Array>;
	push(text: string): void;
	end(): void;
	fail(): void;
	readonly cancelled: Promise<void>;
} {
	let controller!: ReadableStreamDefaultController<Uint8Array>;
	let cancel!: () => void;
	const cancelled = new Promise<void>((resolve) => (cancel = resolve));
	const stream = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given), cancel });
	return {
		stream,
		cancelled,
		push: (text) => controller.enqueue(Buffer.from(text)),
		end: () => controller.close(),
		fail: () => controller.error(new Error('broken'))
	};
}
