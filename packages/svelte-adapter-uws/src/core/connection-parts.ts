import type { Clock } from '../contract/clock.ts';
import type { Platform } from '../contract/platform.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Audience } from './audience.ts';
import type { ByteCounter } from './byte-counter.ts';
import type { Report } from './isolation.ts';
import type { Publisher } from './publisher.ts';

/** What every connection of one server shares. */
export interface ConnectionParts {
	readonly publisher: Publisher;
	readonly audience: Audience;
	readonly bytes: ByteCounter;
	/** Stands for the topics of everybody who never had one. */
	readonly noTopics: ReadonlySet<string>;
	/** How long a client has for a reply; absent = as long as `Requests` says. */
	readonly requestTimeoutMs?: number | undefined;
	readonly platformFor: (requestId: string) => Platform;
	readonly randomId: () => string;
	readonly clock: Clock;
	readonly telemetry: Telemetry;
	readonly report: Report;
}
