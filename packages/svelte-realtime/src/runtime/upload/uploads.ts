import type { Connection } from 'svelte-adapter-uws/contract';
import type { Guard, UploadLimits } from '../../define/definition.ts';
import { isLiveError, LiveError } from '../../shared/error.ts';
import { isPath } from '../../shared/path.ts';
import { readChunk, readControl, uploadEvent, UPLOAD_CHUNK, UPLOAD_TOPIC, type Chunk } from '../../shared/upload-frame.ts';
import { userOf, type Source } from '../context.ts';
import type { Dispatch, DispatchOptions } from '../dispatch.ts';
import type { Host } from '../host.ts';
import { identityOf } from '../identity.ts';
import { boundsOf, type Untrusted } from '../parse.ts';
import { pass } from '../pipeline.ts';
import type { Endpoint, Registry } from '../registry.ts';
import { errorFields } from '../reply.ts';
import { Budget } from './budget.ts';
import { TransferContext } from './context.ts';
import { parseHeader } from './header.ts';
import { Transfer } from './transfer.ts';

/** An upload that something takes. */
interface Taken {
	readonly path: string;
	readonly guard: Guard | undefined;
	readonly limits: UploadLimits;
	readonly user: ReturnType<typeof identityOf>;
	/** Bytes up to which the guard has said yes. */
	passed: number;
	isAsking: boolean;
}

export interface UploadsParts {
	readonly host: Host;
	readonly registry: Registry;
	readonly dispatch: Pick<Dispatch, 'enter' | 'report'>;
}

/** The uploads of one server: their tables, their caps, and the way of each to its handler. */
export class Uploads implements Disposable {
	readonly #parts: UploadsParts;
	readonly #budget: Budget;
	readonly #byConnection = new Map<Connection, Map<number, Transfer>>();
	/** Those that can go on over another connection, by their secret. Those that were lost come last, the latest at the end. */
	readonly #byToken = new Map<string, Transfer>();
	readonly #lost = new Set<Transfer>();
	readonly #taken = new Map<Transfer, Taken>();
	readonly #counts = new Map<string, number>();

	constructor(parts: UploadsParts) {
		this.#parts = parts;
		this.#budget = new Budget(parts.host.platform.maxPayloadLength, () => parts.host.app.limits, parts.host.violated);
	}

	/** How far ahead of their handlers the clients are. */
	get budget(): Pick<Budget, 'promised' | 'early'> {
		return this.#budget;
	}

	/** Uploads that are not answered yet. */
	get size(): number {
		let size = 0;
		for (const { isSettled } of this.#lost) if (!isSettled) size++;
		for (const transfers of this.#byConnection.values()) size += transfers.size;
		return size;
	}

	/** Takes a frame that begins as those of uploads do. False: it is none of them. */
	receive(ws: Connection, source: Source, data: ArrayBuffer, options: DispatchOptions): boolean {
		const frame = new Uint8Array(data);
		if (frame[0] === UPLOAD_CHUNK) {
			const chunk = readChunk(frame);
			if (chunk?.header !== undefined) this.#begin(ws, source, chunk, options);
			else if (chunk) this.#continue(ws, chunk);
			return chunk !== undefined;
		}
		const control = readControl(frame);
		if (!control) return false;
		const transfer = this.#byConnection.get(ws)?.get(control.id);
		if (control.type === 'cancel') transfer?.fail(new LiveError('CANCELLED'));
		else if (control.type === 'resume') void this.#resume(ws, control.id, control.token);
		else transfer?.incoming.sums.expect(control);
		return true;
	}

	/** Gives up all that is under way. */
	[Symbol.dispose](): void {
		const reason = new LiveError('CONNECTION_CLOSED', 'The server is stopping.');
		for (const transfers of [...this.#byConnection.values()])
			for (const transfer of [...transfers.values()]) transfer.fail(reason);
		for (const transfer of [...this.#lost]) this.#giveUp(transfer, reason);
	}

	#begin(ws: Connection, source: Source, chunk: Chunk, options: DispatchOptions): void {
		const known = this.#byConnection.get(ws)?.get(chunk.id);
		// Two uploads of one name cannot be told apart, so neither goes on.
		if (known) return known.fail(new LiveError('INVALID_REQUEST', 'The id is that of another upload.'));
		const header = parseHeader(chunk.header!, boundsOf(this.#parts.host, options));
		if (!header) return refuse(ws, chunk.id, new LiveError('INVALID_REQUEST', 'The first part says nothing that is understood.'));
		if (ws.signal.aborted) return;
		const { host } = this.#parts;
		const transfer = new Transfer({
			ws,
			first: chunk,
			header,
			budget: this.#budget,
			now: host.now,
			after: host.after,
			cap: host.platform.maxPayloadLength,
			settled: (done) => this.#forget(done)
		});
		this.#attach(ws, transfer);
		transfer.take(chunk);
		if (transfer.isSettled) return;
		this.#start(ws, source, transfer, options).catch((error: unknown) => {
			if (transfer.isSettled) return;
			if (!isLiveError(error)) this.#parts.dispatch.report(options, header.rpc, error, undefined);
			transfer.fail(error);
		});
	}

	/** Finds what takes an upload, and lets that have it. */
	async #start(ws: Connection, source: Source, transfer: Transfer, options: DispatchOptions): Promise<void> {
		const { host, registry, dispatch } = this.#parts;
		const { rpc, args, traceparent } = transfer.header;
		if ((this.#byConnection.get(ws)?.size ?? 0) > host.app.limits.maxStartingUploads) throw tooMany();
		const endpoint = await registry.find(rpc);
		if (transfer.isSettled) return;
		if (!endpoint || endpoint.isInternal) throw new LiveError(isPath(rpc) ? 'NOT_FOUND' : 'INVALID_REQUEST');
		const { upload } = endpoint.installed;
		if (!upload) throw new LiveError('INVALID_REQUEST', 'This takes no upload.');
		const user = identityOf(userOf(ws));
		this.#take(ws, transfer, { path: rpc, guard: endpoint.guard, limits: upload.limits, user, passed: 0, isAsking: false });
		const context = new TransferContext(
			{ pacing: host.pacing, app: host.app, platform: source.platform, ws, user: userOf(ws) },
			transfer
		);
		const open: Endpoint = {
			...endpoint,
			installed: { ...endpoint.installed, call: (ctx, given) => upload.run(ctx, given) }
		};
		try {
			const request: Untrusted = { rpc, id: transfer.event, args, ...(traceparent === undefined ? {} : { traceparent }) };
			transfer.succeed(await dispatch.enter(context, request, open, options));
		} catch (error) {
			if (transfer.isSettled) return;
			if (!isLiveError(error)) dispatch.report(options, rpc, error, context);
			transfer.fail(error);
		}
	}

	/** Counts an upload. Throws when there are too many. */
	#take(ws: Connection, transfer: Transfer, taken: Taken): void {
		const { path, limits } = taken;
		const total = this.#counts.get(path) ?? 0;
		const mine = [...(this.#byConnection.get(ws)?.values() ?? [])].filter((other) => this.#taken.has(other)).length;
		if (mine >= limits.maxConcurrentPerSession || total >= limits.maxConcurrentTotal) throw tooMany();
		transfer.limit(limits);
		this.#taken.set(transfer, taken);
		this.#counts.set(path, total + 1);
		let token: string | undefined;
		if (transfer.resumeMs > 0) {
			token = transfer.token = crypto.randomUUID().replaceAll('-', '');
			this.#byToken.set(token, transfer);
		}
		transfer.tell(token === undefined ? {} : { token, resumeMs: transfer.resumeMs });
	}

	#continue(ws: Connection, chunk: Chunk): void {
		const transfer = this.#byConnection.get(ws)?.get(chunk.id);
		if (!transfer) return;
		transfer.take(chunk);
		const taken = this.#taken.get(transfer);
		if (taken?.guard && transfer.incoming.received - taken.passed >= taken.limits.reauthEvery)
			void this.#ask(ws, transfer, taken);
	}

	/** Asks the guard again; an upload that it denies is over. */
	async #ask(ws: Connection, transfer: Transfer, taken: Taken): Promise<void> {
		if (taken.isAsking || transfer.isSettled) return;
		taken.isAsking = true;
		taken.passed = transfer.incoming.received;
		try {
			await pass(taken.guard!, this.#parts.host.context({ ws }));
		} catch (error) {
			transfer.fail(error);
		} finally {
			taken.isAsking = false;
		}
	}

	async #resume(ws: Connection, id: number, token: string): Promise<void> {
		const transfer = this.#byToken.get(token);
		const taken = transfer && this.#taken.get(transfer);
		const isSame = transfer?.id === id && taken?.user === identityOf(userOf(ws));
		if (!transfer || !taken || !isSame) return refuse(ws, id, gone());
		// The server may not have noticed yet that the connection before is gone. It is not waited for longer than for any that is lost.
		this.#part(transfer);
		try {
			if (taken.guard) await pass(taken.guard, this.#parts.host.context({ ws }));
		} catch (error) {
			refuse(ws, id, error);
			return this.#giveUp(transfer, error);
		}
		if (ws.signal.aborted) return;
		if (this.#byToken.get(token) !== transfer) return refuse(ws, id, gone());
		// Another connection may have gone on with it while the guard was asked.
		this.#part(transfer);
		this.#lost.delete(transfer);
		if (!transfer.isSettled) this.#attach(ws, transfer);
		transfer.return(ws);
		if (transfer.isSettled) this.#lose(transfer);
	}

	#attach(ws: Connection, transfer: Transfer): void {
		let transfers = this.#byConnection.get(ws);
		if (!transfers) {
			this.#byConnection.set(ws, (transfers = new Map()));
			ws.signal.addEventListener('abort', () => this.#closed(ws), { once: true });
		}
		transfers.set(transfer.id, transfer);
	}

	#detach(ws: Connection, { id }: Transfer): void {
		this.#byConnection.get(ws)?.delete(id);
	}

	/** Takes an upload from the connection that it has, if any. */
	#part(transfer: Transfer): void {
		if (!transfer.ws) return;
		this.#detach(transfer.ws, transfer);
		this.#lose(transfer);
	}

	#closed(ws: Connection): void {
		const transfers = this.#byConnection.get(ws);
		this.#byConnection.delete(ws);
		for (const transfer of transfers?.values() ?? []) this.#lose(transfer);
	}

	/** Keeps an upload, or its answer, for a client that may come back. */
	#lose(transfer: Transfer): void {
		this.#lost.add(transfer);
		transfer.lose(() => this.#giveUp(transfer, new LiveError('DISCONNECTED', 'The connection was lost.')));
		const [oldest] = this.#lost;
		if (oldest && this.#lost.size > this.#parts.host.app.limits.maxLostUploads)
			this.#giveUp(oldest, new LiveError('DISCONNECTED', 'The connection was lost.'));
	}

	/** It is answered. The answer is kept for a while: it may have been sent into a connection that was lost. */
	#forget(transfer: Transfer): void {
		const taken = this.#taken.get(transfer);
		if (taken) {
			const left = this.#counts.get(taken.path)! - 1;
			if (left > 0) this.#counts.set(taken.path, left);
			else this.#counts.delete(taken.path);
		}
		this.#part(transfer);
	}

	#giveUp(transfer: Transfer, reason: unknown): void {
		transfer.fail(reason);
		if (transfer.token !== undefined) this.#byToken.delete(transfer.token);
		this.#lost.delete(transfer);
		this.#taken.delete(transfer);
		transfer[Symbol.dispose]();
	}
}

const gone = (): LiveError =>
	new LiveError('DISCONNECTED', 'The upload cannot go on: it began on another worker, or was given up. Begin it again.');
const tooMany = (): LiveError => new LiveError('TOO_MANY_UPLOADS', 'Too many uploads are under way. Wait for one to end.');

function refuse(ws: Connection, id: number, error: unknown): void {
	ws.sendOrClose(`{"topic":"${UPLOAD_TOPIC}","event":"${uploadEvent(id)}","data":${errorFields(error)}}`);
}
