import type { MessageContext } from '../contract/hooks.ts';
import type { Platform } from '../contract/platform.ts';
import type { Frame } from '../contract/transport.ts';
import type { ServerConnection } from './connection.ts';

const encoder = new TextEncoder();

/** What the `message` hook sees of one frame. Text is encoded into `data` only when somebody reads it. */
export class Message implements MessageContext {
	readonly isBinary: boolean;
	readonly #frame: Frame;
	readonly #connection: ServerConnection;

	constructor(frame: Frame, connection: ServerConnection) {
		this.#frame = frame;
		this.#connection = connection;
		this.isBinary = typeof frame !== 'string';
	}

	get platform(): Platform {
		return this.#connection.platform;
	}

	get text(): string {
		return typeof this.#frame === 'string' ? this.#frame : '';
	}

	get data(): ArrayBuffer {
		const bytes = typeof this.#frame === 'string' ? encoder.encode(this.#frame) : this.#frame;
		const { buffer, byteOffset, byteLength } = bytes;
		return (byteOffset === 0 && byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
	}
}
