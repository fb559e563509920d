import type { Clock } from '../contract/clock.ts';
import type { Log } from '../contract/log.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Assertions } from './assertions.ts';

/** Reports a failure of the app's code: `where` is the hook, or one of `NO_HOOKS`. Never throws, whatever was thrown. */
export type Report = (where: string, error: unknown, requestId?: string) => void;

/** What a hook's promise gives, or a rejection when it takes too long. */
export type Limit = <T>(work: PromiseLike<T>) => Promise<T>;

const NO_HOOKS: ReadonlySet<string> = new Set([
	'tap',
	'gate',
	'shape',
	'keep',
	'stamped',
	'history',
	'sendCoalesced',
	'onClose',
	'pressure'
]);
const WINDOW_MS = 10_000;
const LINES_PER_WINDOW = 20;

export interface ReportParts {
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly assertions: Assertions;
}

/** Counts every failure of a hook and logs the first 20 of each hook in 10 seconds, because a client can cause them at will. */
export function createReport({ clock, log, telemetry, assertions }: ReportParts): Report {
	// One entry a hook: the keys are ours.
	const windows = new Map<string, { until: number; lines: number; silent: number }>();
	return (where, error, requestId) => {
		assertions.count(`hook.${where}`);
		telemetry({ name: 'hook.failed', labels: { hook: where } });
		const now = clock.now();
		let window = windows.get(where);
		let note = '';
		if (!window || now >= window.until) {
			if (window && window.silent > 0) note = ` ${window.silent} earlier failures were not logged.`;
			windows.set(where, (window = { until: now + WINDOW_MS, lines: 0, silent: 0 }));
		}
		if (++window.lines > LINES_PER_WINDOW) {
			window.silent++;
			return;
		}
		const request = requestId === undefined ? '' : ` (request ${requestId})`;
		log.error(`The ${NO_HOOKS.has(where) ? where : `${where} hook`} failed${request}; nobody else is affected.${note}`, error);
	};
}

/** Whether a value can be waited for. A getter that throws counts as no. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
	if (typeof value !== 'object' || value === null) return false;
	try {
		return typeof (value as { then?: unknown }).then === 'function';
	} catch {
		return false;
	}
}

/** The value, or a TypeError for a promise in its place: taken for a value it would count as yes, and what it rejects with would be nobody's. */
export function atOnce<T>(what: string, value: T): T {
	if (!isThenable(value)) return value;
	void Promise.resolve(value).catch(() => {});
	throw new TypeError(`${what} is a promise, which must be there at once. Await it before you hand it over.`);
}

/** Runs a hook whose answer nobody waits for. Nothing that it does can reach the caller. */
export function isolate(run: () => unknown, failed: (error: unknown) => void): void {
	try {
		const result = run();
		if (isThenable(result)) void Promise.resolve(result).catch(failed);
	} catch (error) {
		failed(error);
	}
}
