import type { UpgradeRequest } from './transport.ts';

/** The step before a handshake. Implemented once, in `core/`. */
export interface Authenticator {
	/** Whether the hooks in force have an `authenticate`. */
	readonly mounted: boolean;
	/** Answers a POST. `read` gives the whole request, or the response that it deserves instead; its rejection is a failure. Never rejects. */
	answer(asked: UpgradeRequest, read: () => Promise<Request | Response>): Promise<Response>;
}
