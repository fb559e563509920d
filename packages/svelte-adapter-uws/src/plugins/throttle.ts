import { Slots, type Limiter, type LimiterOptions } from '../service/throttle/slots.ts';
import { processParts } from './parts.ts';

export type { Limiter, LimiterOptions } from '../service/throttle/slots.ts';

/**
 * Publishes the first value of a topic at once, then the latest one at most once in `ms` milliseconds. For topics with one publisher:
 * of several, only the latest value of all counts. Throws a RangeError for an option out of range.
 *
 * @example
 * const positions = throttle(100);
 * positions.publish(platform, `truck:${id}`, 'moved', position);
 */
export function throttle(ms: number, options: LimiterOptions = {}): Limiter {
	return new Slots('throttle', ms, { ...processParts('throttle'), ...options });
}

/**
 * Publishes the latest value of a topic once there was none for `ms` milliseconds. Throws a RangeError for an option out of range.
 * @example const drafts = debounce(500);
 */
export function debounce(ms: number, options: LimiterOptions = {}): Limiter {
	return new Slots('debounce', ms, { ...processParts('debounce'), ...options });
}
