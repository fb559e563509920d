import type { UploadContext } from '../../define/transfer.ts';
import type { Caller } from '../context.ts';
import { RequestContext } from '../request-context.ts';
import type { Transfer } from './transfer.ts';

/** The context of one upload. Its signal is that of the upload, which may outlive its connection. */
export class TransferContext extends RequestContext implements UploadContext {
	readonly #transfer: Transfer;

	constructor(caller: Caller, transfer: Transfer) {
		super(caller);
		this.#transfer = transfer;
	}

	override get signal(): AbortSignal {
		return this.#transfer.signal;
	}

	get stream(): AsyncIterable<Uint8Array> {
		return this.#transfer.incoming;
	}

	get upload(): UploadContext['upload'] {
		return { id: this.#transfer.event, size: this.#transfer.header.size };
	}
}
