import type { Context } from './context.ts';
import { define, type Binary, type Handler } from './definition.ts';
import { problem } from './problem.ts';

/** Bytes that a call may carry unless it says otherwise. */
const MAX_BINARY = 10 * 1024 * 1024;

/** Options of `live.binary`. */
export interface BinaryOptions {
	/** Bytes over which the caller hears `PAYLOAD_TOO_LARGE`; a frame also has to fit the adapter's `maxPayloadLength`. Default 10 MiB. */
	readonly maxSize?: number;
}

/** `live.binary`. */
export interface BinaryMaker {
	/**
	 * A procedure that takes bytes in one frame, before its other arguments. Larger ones are for `live.upload`.
	 * @example export const avatar = live.binary(async (ctx, image, name: string) => db.save(ctx.user.id, name, image), { maxSize: 8_000 });
	 */
	binary<Args extends unknown[], Out>(
		run: (ctx: Context, bytes: ArrayBuffer, ...args: Args) => Out | Promise<Out>,
		options?: BinaryOptions
	): Binary<Args, Out>;
}

export const binary: BinaryMaker['binary'] = (run, options = {}) => {
	const what = 'live.binary';
	if (typeof run !== 'function') throw problem(what, 'fn', run, 'a function (ctx, bytes, ...args) => result');
	for (const name of Object.keys(options)) if (name !== 'maxSize') throw problem(what, 'options', name, 'maxSize');
	const { maxSize = MAX_BINARY } = options;
	checkSize(what, 'maxSize', maxSize);
	return define({ kind: 'binary', run: run as Handler<any[], any>, steps: [], maxSize });
};

/** Throws for what is no number of bytes. */
export function checkSize(what: string, name: string, value: unknown): void {
	if (!(Number.isSafeInteger(value) && (value as number) > 0)) throw problem(what, name, value, 'bytes, a whole number above 0');
}
