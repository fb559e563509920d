import type { Clock } from '../contract/clock.ts';
import type { HeaderList } from '../contract/http.ts';
import type { Log } from '../contract/log.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { LIMITS } from './limits.ts';

/** Handshakes of one address: those of the window that runs, and of the one before. */
interface Counts {
	window: number;
	current: number;
	previous: number;
}

export interface UpgradeRateParts {
	/** Handshakes of one address in a window; 0 = no limit. */
	readonly limit: number;
	readonly windowMs: number;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
}

/** A sliding window for each client address, of IPv6 for each /64. Who is refused is not counted, so that a patient client comes in. */
export class UpgradeRate {
	readonly #parts: UpgradeRateParts;
	readonly #counts = new Map<string, Counts>();
	#warned = false;

	constructor(parts: UpgradeRateParts) {
		this.#parts = parts;
	}

	/** Addresses that are remembered. */
	get size(): number {
		return this.#counts.size;
	}

	/** When a client that was refused has surely become less than it was. */
	get retryAfter(): HeaderList {
		return [['retry-after', String(Math.ceil(this.#parts.windowMs / 1000))]];
	}

	/** Counts one more handshake of an address, unless that would be too many. */
	admit(address: string): boolean {
		const { limit, windowMs, clock } = this.#parts;
		if (limit === 0) return true;
		const now = clock.now() / windowMs;
		const window = Math.floor(now);
		const network = networkOf(address);
		let counts = this.#counts.get(network);
		if (counts) turn(counts, window);
		else {
			if (this.#counts.size >= LIMITS.rateAddresses) this.#evict(window, now);
			this.#counts.set(network, (counts = { window, current: 0, previous: 0 }));
		}
		if (estimate(counts, now) >= limit) {
			this.#warn(address);
			return false;
		}
		counts.current++;
		return true;
	}

	/** Forgets who has been quiet for two windows, else the least active tenth: a whole pass is not worth one place. */
	#evict(window: number, now: number): void {
		this.#parts.telemetry({ name: 'limit.rateAddresses' });
		for (const [address, counts] of this.#counts) {
			turn(counts, window);
			if (counts.current === 0 && counts.previous === 0) this.#counts.delete(address);
		}
		if (this.#counts.size < LIMITS.rateAddresses) return;
		const byActivity = [...this.#counts].sort(([, a], [, b]) => estimate(a, now) - estimate(b, now));
		for (const [address] of byActivity.slice(0, LIMITS.rateAddresses / 10)) this.#counts.delete(address);
	}

	#warn(address: string): void {
		if (this.#warned) return;
		this.#warned = true;
		const { limit, windowMs, log } = this.#parts;
		log.warn(
			`${JSON.stringify(address)} was refused with 429 after ${limit} handshakes in ${windowMs / 1000} s. If that is the address of a proxy, set ADDRESS_HEADER; otherwise see websocket.upgradeRateLimit. Later refusals are not logged.`
		);
	}
}

/** One subscriber has a whole /64 of IPv6, and could take another address of it each time. */
function networkOf(address: string): string {
	if (!address.includes(':') || address.includes('.')) return address;
	const [left = [], right = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
	const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
	return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}

/** Moves counts on to a window. */
function turn(counts: Counts, window: number): void {
	if (counts.window === window) return;
	counts.previous = counts.window === window - 1 ? counts.current : 0;
	counts.current = 0;
	counts.window = window;
}

/** `now` in windows. */
function estimate({ previous, current, window }: Counts, now: number): number {
	return previous * (1 - (now - window)) + current;
}
