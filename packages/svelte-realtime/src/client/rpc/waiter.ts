import type { RpcError } from '../../shared/error.ts';
import type { OkReply } from '../../shared/rpc-frame.ts';

/** One call or subscribe request that waits for its answer. Exactly one of the two is called, once. */
export interface Waiter {
	readonly id: string;
	done(reply: OkReply): void;
	fail(error: RpcError): void;
}
