import type { HookContext, MessageContext, SubscribeContext } from '../contract/hooks.ts';
import type { Platform } from '../contract/platform.ts';
import type { Frame } from '../contract/transport.ts';

/** What a hook sees beside its connection. The platform is made when somebody reads it. */
export class ConnectionContext implements HookContext {
	readonly #connection: HookContext;

	constructor(connection: HookContext) {
		this.#connection = connection;
	}

	get platform(): Platform {
		return this.#connection.platform;
	}
}

/** What the `subscribe` hook sees beside its connection and the topic. */
export class Asking extends ConnectionContext implements SubscribeContext {
	readonly checking: boolean;

	constructor(connection: HookContext, checking: boolean) {
		super(connection);
		this.checking = checking;
	}
}

/** What the `message` hook sees of one frame. Text is encoded into `data` only when somebody reads it. */
export class Message extends ConnectionContext implements MessageContext {
	readonly isBinary: boolean;
	readonly #frame: Frame;
	#data: ArrayBuffer | undefined;

	constructor(connection: HookContext, frame: Frame) {
		super(connection);
		this.#frame = frame;
		this.isBinary = typeof frame !== 'string';
	}

	get text(): string {
		return typeof this.#frame === 'string' ? this.#frame : '';
	}

	get data(): ArrayBuffer {
		return (this.#data ??= toBuffer(this.#frame));
	}
}

/** Bytes of a frame in a buffer of their own. */
export function toBuffer(frame: Frame): ArrayBuffer {
	const { buffer, byteOffset, byteLength } = typeof frame === 'string' ? new TextEncoder().encode(frame) : frame;
	const isWhole = byteOffset === 0 && byteLength === buffer.byteLength;
	return (isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}

/** A frame out of what the app sends: with `isBinary` of that kind, else text as text and bytes as bytes. Throws a TypeError for anything else. */
export function toFrame(message: Frame | ArrayBuffer, isBinary: boolean | undefined): Frame {
	if (typeof message === 'string') return isBinary ? new TextEncoder().encode(message) : message;
	let bytes: Uint8Array;
	if (message instanceof Uint8Array) bytes = message;
	else if (ArrayBuffer.isView(message)) {
		const { buffer, byteOffset, byteLength }: ArrayBufferView = message;
		bytes = new Uint8Array(buffer, byteOffset, byteLength);
	} else if (message instanceof ArrayBuffer) bytes = new Uint8Array(message);
	else
		throw new TypeError(
			`ws.send: got ${message === null ? 'null' : typeof message}, expected text or bytes. Encode it first, for example with JSON.stringify.`
		);
	return isBinary === false ? new TextDecoder().decode(bytes) : bytes;
}
