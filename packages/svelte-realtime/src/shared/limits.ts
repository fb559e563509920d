/** Parts that a sliding window may have. */
export const MAX_AGGREGATE_BUCKETS = 1_000;
