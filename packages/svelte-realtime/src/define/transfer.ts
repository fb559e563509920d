import type { Context } from './context.ts';
import { define, type Binary, type Handler, type Upload, type UploadLimits } from './definition.ts';
import { checkNames, problem } from './problem.ts';

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
	checkNames(what, options, ['maxSize']);
	const { maxSize = MAX_BINARY } = options;
	if (!(Number.isSafeInteger(maxSize) && maxSize > 0)) throw problem(what, 'maxSize', maxSize, 'bytes, a whole number above 0');
	return define({ kind: 'binary', run: run as Handler<any[], any>, steps: [], maxSize });
};

/** Options of `live.upload`. */
export interface UploadOptions {
	/** Bytes over which an upload is refused. Default 100 MiB. */
	readonly maxSize?: number;
	/** Uploads that one connection may have under way at a time. Default 4. */
	readonly maxConcurrentPerSession?: number;
	/** Uploads of this procedure that this worker takes at a time. Default: no limit. */
	readonly maxConcurrentTotal?: number;
	/** Parts that wait for a handler which is slower than a client without flow control; over it the upload fails. Default 64. */
	readonly maxBufferedChunks?: number;
	/** Asks the guard again after so many bytes. Default: never. */
	readonly reauthEvery?: number;
	/** Milliseconds that an upload waits for a client whose connection was lost; 0 = not at all. Default 30,000. */
	readonly resumeMs?: number;
	/** Milliseconds without a part after which an upload that could go on is given up. Default 60,000. */
	readonly idleMs?: number;
}

/** What the handler of an upload sees. */
export interface UploadContext extends Context {
	/** The bytes, in the order in which they were sent. Reading lets the client send more. Rejects when the upload is given up. */
	readonly stream: AsyncIterable<Uint8Array>;
	/** Aborts when the upload is cancelled, when it fails, and when its client is gone for good. */
	readonly signal: AbortSignal;
	readonly upload: {
		/** Eight hexadecimal digits, unique among the uploads of the connection. */
		readonly id: string;
		/** Bytes in all, as the client says, where it knows; the upload fails when it was wrong. */
		readonly size: number | undefined;
	};
}

/** `live.upload`. */
export interface UploadMaker {
	/**
	 * A procedure that reads a file of any size while it arrives. A handler that is slow slows its client down.
	 * @example
	 * export const video = live.upload(async (ctx, name: string) => {
	 *   await pipeline(ctx.stream, createWriteStream(join(DIR, ctx.upload.id)));
	 *   return name;
	 * }, { maxSize: 50 * 1024 * 1024 });
	 */
	upload<Args extends unknown[], Out>(
		run: (ctx: UploadContext, ...args: Args) => Out | Promise<Out>,
		options?: UploadOptions
	): Upload<Args, Out>;
}

const UPLOAD_DEFAULTS: UploadLimits = {
	maxSize: 100 * 1024 * 1024,
	maxConcurrentPerSession: 4,
	maxConcurrentTotal: Infinity,
	maxBufferedChunks: 64,
	reauthEvery: Infinity,
	resumeMs: 30_000,
	idleMs: 60_000
};

export const upload: UploadMaker['upload'] = (run, options = {}) => {
	const what = 'live.upload';
	if (typeof run !== 'function') throw problem(what, 'fn', run, 'a function (ctx, ...args) => result');
	checkNames(what, options, Object.keys(UPLOAD_DEFAULTS));
	for (const [name, value] of Object.entries(options)) {
		const isTime = name.endsWith('Ms');
		if (value === undefined || (isTime && Number.isFinite(value) && value >= (name === 'idleMs' ? 1 : 0))) continue;
		if (isTime) throw problem(what, name, value, 'milliseconds');
		if (!(Number.isSafeInteger(value) && value > 0)) throw problem(what, name, value, 'a whole number above 0');
	}
	const given = Object.entries(options).filter(([, value]) => value !== undefined);
	return define({
		kind: 'upload',
		run: run as unknown as Handler<any[], any>,
		steps: [],
		limits: { ...UPLOAD_DEFAULTS, ...Object.fromEntries(given) }
	});
};
