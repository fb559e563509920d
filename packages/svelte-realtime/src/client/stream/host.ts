import type { Client } from 'svelte-adapter-uws/contract';
import type { PageClock } from '../clock.ts';
import type { PendingRequests } from '../rpc/pending.ts';
import type { TraceFields } from '../../shared/rpc-frame.ts';
import type { Quiet } from './quiet.ts';
import type { Soon } from './soon.ts';
import type { Following } from './topics.ts';

/** What a stream needs of its page. */
export interface StreamHost extends Following {
	readonly client: Pick<Client, 'connected' | 'release' | 'sync'>;
	readonly pending: PendingRequests;
	readonly clock: PageClock;
	readonly random: () => number;
	/** What streams do soon. */
	readonly soon: Soon;
	/** Knows whether any stream waits for its value. */
	readonly quiet: Quiet;
	/** Streams with subscribers, and those whose value is kept after the last one. */
	readonly running: Set<Running>;
	/** Milliseconds. */
	readonly timeout: () => number;
	/** The trace that a request belongs to. */
	readonly trace: () => TraceFields;
	/** Milliseconds that a stream keeps its value after its last subscriber. */
	readonly resumeGraceMs: () => number;
	/** Why there will be no connection any more. */
	readonly closed: () => string | undefined;
}

/** A stream that wants to hear of its connection; without subscribers it does nothing. */
export interface Running {
	opened(): void;
	down(closed: string | undefined): void;
	/** The page has another client: begins anew over that one, if somebody watches. */
	restart(): void;
}
