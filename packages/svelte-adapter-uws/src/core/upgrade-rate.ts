import type { Clock } from '../contract/clock.ts';
import type { HeaderList } from '../contract/http.ts';
import type { Log } from '../contract/log.ts';
import type { Peers } from '../contract/peers.ts';
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
	/** Other nodes that serve the same address; the limit is for all of them together. */
	readonly peers?: Peers | undefined;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
}

/**
 * A sliding window for each client address, of IPv6 for each /64. Who is refused is not counted, so that a patient client comes in.
 * Nodes tell each other whom they let in at the end of the turn, so that no handshake waits for another process.
 */
export class UpgradeRate implements Disposable {
	readonly #parts: UpgradeRateParts;
	readonly #counts = new Map<string, Counts>();
	readonly #heeding: Disposable | undefined;
	/** Let in by this node since the others were told, by network. */
	#untold = new Map<string, number>();
	#warned = false;

	constructor(parts: UpgradeRateParts) {
		this.#parts = parts;
		this.#heeding = parts.limit === 0 ? undefined : parts.peers?.heed((news) => this.#add(news.counts));
	}

	[Symbol.dispose](): void {
		this.#heeding?.[Symbol.dispose]();
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
		const network = networkOf(address);
		const counts = this.#of(network, now);
		if (estimate(counts, now) >= limit) {
			this.#warn(address);
			return false;
		}
		counts.current++;
		this.#tellLater(network);
		return true;
	}

	/** The counts of a network in the window that runs. */
	#of(network: string, now: number): Counts {
		const window = Math.floor(now);
		const known = this.#counts.get(network);
		if (known) {
			turn(known, window);
			return known;
		}
		if (this.#counts.size >= LIMITS.rateAddresses) this.#evict(window, now);
		const counts = { window, current: 0, previous: 0 };
		this.#counts.set(network, counts);
		return counts;
	}

	/** Counts whom other nodes have let in. */
	#add(told: readonly (readonly [network: string, handshakes: number])[]): void {
		const now = this.#parts.clock.now() / this.#parts.windowMs;
		for (const [network, handshakes] of told) this.#of(network, now).current += handshakes;
	}

	#tellLater(network: string): void {
		const { peers, clock } = this.#parts;
		if (!peers) return;
		if (this.#untold.size === 0)
			clock.soon(() => {
				const counts = [...this.#untold];
				this.#untold = new Map();
				peers.tell({ about: 'handshakes', counts });
			});
		this.#untold.set(network, (this.#untold.get(network) ?? 0) + 1);
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
