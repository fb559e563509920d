import { RpcError } from '../../shared/error.ts';
import { encodeBinaryCall, MAX_HEADER } from '../../shared/binary-frame.ts';
import { encodeCall, type CallParts } from './call.ts';

/** A procedure of the server that takes bytes, as the page calls it. Rejects with an `RpcError`. */
export type BinaryCall<Args extends unknown[] = any[], Out = any> = (
	bytes: ArrayBuffer | ArrayBufferView,
	...args: Args
) => Promise<Out>;

/** Creates the stub of one procedure that takes bytes. Inside of `batch` it goes in a frame of its own all the same. */
export function createBinaryCall(live: () => Pick<CallParts, 'pending' | 'timeout' | 'trace'>, path: string): BinaryCall {
	return async (source, ...args) => {
		const bytes = bytesOf(source);
		if (!bytes)
			throw new RpcError('INVALID_REQUEST', `${path} takes an ArrayBuffer or a view of one first, such as a Uint8Array.`);
		const { pending, timeout, trace } = live();
		const id = pending.nextId();
		const frame = encodeBinaryCall(encodeCall(path, { rpc: path, id, args, ...trace() }), bytes);
		if (!frame)
			throw new RpcError('PAYLOAD_TOO_LARGE', `The arguments of ${path} beside its bytes take more than ${MAX_HEADER} bytes.`);
		return new Promise((resolve, reject) =>
			pending.send(frame, path, [{ id, done: (reply) => resolve(reply.data), fail: reject }], timeout())
		);
	};
}

/** The bytes of a buffer or of a view; `undefined` for what is neither. */
export function bytesOf(source: unknown): Uint8Array<ArrayBuffer> | undefined {
	if (source instanceof ArrayBuffer) return new Uint8Array(source);
	if (!ArrayBuffer.isView(source)) return undefined;
	return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
}
