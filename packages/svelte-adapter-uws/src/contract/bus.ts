import type { Encoded } from './envelope.ts';

/**
 * Carries envelopes to every other node, never back to the one that relayed, in the order of the calls of one node.
 * Local delivery is the publisher's job, so a node without a bus behaves the same.
 */
export interface Bus {
	/**
	 * Hears what the others relay. `missed` is to be called when some of it may never come, for example because a connection was lost or a
	 * node has died: events of kept topics are read from their store then.
	 */
	start(receive: (messages: readonly Encoded[]) => void, missed: () => void): Promise<AsyncDisposable>;
	/** Envelopes of one call were published together, and arrive in one call of `receive`. At least one. */
	relay(messages: readonly Encoded[]): void;
}
