import type { Encoded } from './envelope.ts';

/**
 * Carries envelopes to every other node, never back to the one that relayed, in the order of the calls of one node.
 * Local delivery is the publisher's job, so a node without a bus behaves the same.
 */
export interface Bus {
	start(receive: (message: Encoded) => void): Promise<AsyncDisposable>;
	relay(message: Encoded): void;
}
