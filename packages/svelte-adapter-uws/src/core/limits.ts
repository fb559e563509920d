/**
 * Every cap on a table or queue that grows with input from outside. Hitting one that changes what happens, and not only how
 * fast, emits `limit.<name>` as telemetry.
 */
export const LIMITS = {
	/** Topics that one connection may hold; over it a subscribe is denied with `RATE_LIMITED`. */
	subscriptionsPerConnection: 10_000,
	/** Topics read from one batch subscribe; the rest are ignored without an answer. */
	topicsPerBatch: 256,
	/** Subscribes of one connection on which a gate has still to decide; a further one is denied with `RATE_LIMITED`. */
	undecidedSubscribes: 4_096,
	/** Frames of one connection that wait while a hook decides on an earlier one; over it the connection is closed with 4429. */
	waitingFrames: 4_096,
	/** The same in UTF-16 units or bytes. */
	waitingSize: 4_194_304,
	/** Topics of one `resume`; the rest are dropped before the hook sees them. */
	resumeTopics: 1_000,
	/** Times that one connection may change its capabilities, because each change moves all its subscriptions; later ones are ignored. */
	capabilityChanges: 32,
	/** Requests of the server to one client that wait for a reply; over it a request rejects with `LIMIT`. */
	pendingRequests: 10_000,
	/** Values that wait for one client that reads slowly; over it the oldest is given up. */
	coalescedKeys: 10_000,
	/** Publishes and sends that wait for the end of the turn before they are flushed early. */
	pendingFrames: 4_096,
	/** The same in UTF-16 units. */
	pendingSize: 1_048_576,
	/** UTF-16 units of one batch frame; a larger batch leaves as several. */
	batchSize: 262_144,
	/** UTF-16 units of one envelope; browsers drop a larger frame, so there is a warning. It is still sent. */
	frameSize: 1_048_576,
	/** Envelopes that taps may publish in consequence of one publish before the rest of them are not tapped any more. */
	tapCascade: 10_000,
	/** Events that wait for the store to keep them; over it they are sent without, so that a store that hangs holds nobody up. */
	unrecorded: 10_000,
	/** Events of one kept topic that wait for those before them; over it they are shown as they come. */
	outOfOrder: 10_000,
	/** Milliseconds that an event waits for those before it before they are read from the store. */
	gapMs: 50,
	/** Topics whose beginnings of envelopes are kept as text; at this number the publisher forgets them and starts over. */
	prefixTopics: 4_096,
	/** Events of one topic that are kept in it; later ones are encoded each time. */
	prefixesPerTopic: 8,
	/** Topics with a sequence counter; at this number one warning is logged, and publishing goes on. */
	sequencedTopics: 1_000_000,
	/** Client addresses whose handshakes are counted; the least active are forgotten. */
	rateAddresses: 10_000,
	/** Revocations that are kept for handshakes which began before them; the oldest are forgotten. */
	recentRevocations: 10_000,
	/** Topics whose publishes are counted by themselves in one interval; further ones count for the whole alone. */
	countedTopics: 100_000,
	/** Topics that were warned of for being published too often; over it the oldest is forgotten, and may be warned of again. */
	runawayTopics: 10_000,
	/** Names of user data fields that were looked at for secrets; no more are looked at then. */
	userDataNames: 1_000
} as const;
