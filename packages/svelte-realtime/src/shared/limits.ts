/** Parts that a sliding window may have unless `configureLimits` says otherwise. */
export const MAX_AGGREGATE_BUCKETS = 1_000;

/** What a server takes at most; see `configureLimits`. All are whole numbers above 0. */
export interface Limits {
	/** Nesting of a request's JSON; what is nested deeper is no request. Default 64. */
	readonly maxEnvelopeDepth: number;
	/** Keys of all objects in one request, or in one batch of them; over it `INVALID_REQUEST`. Default 10,000. */
	readonly maxRequestKeys: number;
	/** Calls of one connection that may wait for their answer; over it `RATE_LIMITED`. Default 1,000. */
	readonly maxCallsPerConnection: number;
	/** Topics that one connection may follow through streams; over it `RATE_LIMITED`. Default 1,000. */
	readonly maxTopicsPerConnection: number;
	/** Topics of one connection whose subscribe by name may wait for a stream; over it they are denied at once. Default 256. */
	readonly maxWaitingTopics: number;
	/**
	 * Callers that the rate limit of one procedure remembers, and as many guests beside them; over it those are forgotten whose window
	 * began longest ago. Default 5,000.
	 */
	readonly maxRateLimitCallers: number;
	/** Publishes that may be held back at a time, throttled and debounced each; over it new ones leave at once. Default 5,000. */
	readonly maxPacedPublishes: number;
	/** Keys that `ctx.skip` holds; over it others are let pass. Default 5,000. */
	readonly maxSkipKeys: number;
	/** Parts of a sliding window of `live.aggregate`; over it its definition throws. Default 1,000. */
	readonly maxAggregateBuckets: number;
	/** Values of one `live.derived` with arguments that are followed at a time; over it `RATE_LIMITED`. Default 10,000. */
	readonly maxDerivedInstances: number;
	/** Cursors that one node remembers of a room; over it those are forgotten that have not moved for longest. Default 1,000. */
	readonly maxCursorsPerRoom: number;
	/** Rooms of one definition whose cursors a node remembers. Default 10,000. */
	readonly maxCursorRooms: number;
	/** Pushes to connections of other nodes that may wait for their answer; over it `OVERLOADED`. Default 10,000. */
	readonly maxWaitingPushes: number;
	/** Uploads of one connection that it is not known of yet what takes them; over it `TOO_MANY_UPLOADS`. Default 64. */
	readonly maxStartingUploads: number;
	/** Uploads, and answers to them, that wait for clients whose connection was lost; over it the oldest is given up. Default 1,000. */
	readonly maxLostUploads: number;
	/** Bytes of one upload that may wait before its handler reads; over it `PAYLOAD_TOO_LARGE`. Default 16 MiB. */
	readonly maxEarlyUploadBytes: number;
	/** The same of all uploads together; over it `OVERLOADED`. Default 64 MiB. */
	readonly maxEarlyUploadBytesTotal: number;
}

/** What holds where the app says nothing. */
export const DEFAULT_LIMITS: Limits = {
	maxEnvelopeDepth: 64,
	maxRequestKeys: 10_000,
	maxCallsPerConnection: 1_000,
	maxTopicsPerConnection: 1_000,
	maxWaitingTopics: 256,
	maxRateLimitCallers: 5_000,
	maxPacedPublishes: 5_000,
	maxSkipKeys: 5_000,
	maxAggregateBuckets: MAX_AGGREGATE_BUCKETS,
	maxDerivedInstances: 10_000,
	maxCursorsPerRoom: 1_000,
	maxCursorRooms: 10_000,
	maxWaitingPushes: 10_000,
	maxStartingUploads: 64,
	maxLostUploads: 1_000,
	maxEarlyUploadBytes: 16 * 1024 * 1024,
	maxEarlyUploadBytesTotal: 64 * 1024 * 1024
};
