import type { Clock } from '../contract/clock.ts';
import type { Match } from '../contract/peers.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import type { Farewell } from './farewell.ts';
import { LIMITS } from './limits.ts';
import { isMatch, type Matchable } from './match.ts';

export const REVOKED: Farewell = { code: CLOSE_CODES.UNAUTHORIZED, reason: 'Session revoked' };
/** Nobody knows any more whether it was revoked, so it has to be let in once more. */
const FORGOTTEN: Farewell = { code: CLOSE_CODES.RESTART, reason: 'The handshake took too long' };

export interface RevocationsParts {
	readonly sessions: Iterable<Matchable & { cutOff(code: number, reason: string): () => void }>;
	/** Milliseconds that a handshake may take; 0 = no limit. */
	readonly handshakeMs: number;
	readonly clock: Clock;
	readonly telemetry: Telemetry;
}

/** Without a limit on handshakes, revocations are remembered for this long. */
const UNLIMITED_MS = 60_000;
/** From the decision to the open socket. */
const OPENING_MS = 5_000;

/** Ends the connections of whom the app does not know any more, also those that were let in just before and are not open yet. */
export class Revocations {
	readonly #parts: RevocationsParts;
	/** How many there have been. A number tells before and after apart also where both are at the same time of the clock. */
	count = 0;
	/** The last of them, in the order of the calls. */
	#recent: { readonly at: number; readonly match: Match }[] = [];

	constructor(parts: RevocationsParts) {
		this.#parts = parts;
	}

	/** Closes every connection that matches with 4401; gives their number. */
	revoke(match: Match): number {
		this.#remember(match);
		const ends: (() => void)[] = [];
		for (const session of this.#parts.sessions)
			if (isMatch(match, session)) ends.push(session.cutOff(REVOKED.code, REVOKED.reason));
		for (const end of ends) end();
		if (ends.length > 0) this.#parts.telemetry({ name: 'socket.revoked', value: ends.length });
		return ends.length;
	}

	/** Why a connection must not open whose handshake began after the first `known` revocations; `undefined` = it may. */
	farewell(known: number, connection: Matchable): Farewell | undefined {
		const first = this.count - this.#recent.length;
		if (known < first) return FORGOTTEN;
		for (let i = known - first; i < this.#recent.length; i++) if (isMatch(this.#recent[i]!.match, connection)) return REVOKED;
		return undefined;
	}

	#remember(match: Match): void {
		const { clock, handshakeMs, telemetry } = this.#parts;
		const now = clock.now();
		const oldest = now - (handshakeMs || UNLIMITED_MS) - OPENING_MS;
		let expired = 0;
		while (expired < this.#recent.length && this.#recent[expired]!.at < oldest) expired++;
		if (expired === 0 && this.#recent.length >= LIMITS.recentRevocations) {
			telemetry({ name: 'limit.recentRevocations' });
			expired = LIMITS.recentRevocations / 10;
		}
		if (expired > 0) this.#recent = this.#recent.slice(expired);
		this.#recent.push({ at: now, match: { ...match } });
		this.count++;
	}
}
