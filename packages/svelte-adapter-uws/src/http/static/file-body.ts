import { promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** A file as the scan found it. */
export interface FileOnDisk {
	readonly path: string;
	/** Bytes. */
	readonly size: number;
	/** Milliseconds since 1970. */
	readonly modified: number;
}

/** Bytes that are read at a time, and all of a file that is in memory for one response. */
const CHUNK_BYTES = 131_072;

/**
 * Bytes `start` to `start + length - 1` of a file, read as they are asked for. The stream errors when the file is not the
 * one that was scanned any more, because its headers would lie, and when it turns out shorter than it was.
 */
export function fileBody(file: FileOnDisk, start: number, length: number): ReadableStream<Uint8Array> {
	const end = start + length;
	let handle: FileHandle | undefined;
	let position = start;
	async function close(): Promise<void> {
		const opened = handle;
		handle = undefined;
		await opened?.close();
	}
	async function next(): Promise<Uint8Array> {
		handle ??= await openUnchanged(file);
		// Not from the pool: the transport may hold on to it until the client has taken it.
		const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - position));
		const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
		if (bytesRead === 0) throw new Error(`${file.path} was cut at byte ${position} while it was sent.`);
		position += bytesRead;
		return buffer.subarray(0, bytesRead);
	}
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					controller.enqueue(await next());
					if (position < end) return;
					controller.close();
				} catch (error) {
					controller.error(error);
				}
				await close();
			},
			cancel: close
		},
		{ highWaterMark: 0 }
	);
}

async function openUnchanged({ path, size, modified }: FileOnDisk): Promise<FileHandle> {
	const handle = await promises.open(path);
	const stats = await handle.stat().catch(() => undefined);
	if (stats?.isFile() && stats.size === size && stats.mtimeMs === modified) return handle;
	await handle.close();
	throw new Error(`${path} has changed since the server started. Build into a fresh folder, and restart the server.`);
}
