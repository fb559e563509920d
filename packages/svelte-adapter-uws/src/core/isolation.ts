import type { Log } from '../contract/log.ts';
import type { Telemetry } from '../contract/telemetry.ts';

/** Reports a failure of the app's code; `where` says which hook. Never throws, whatever was thrown. */
export type Report = (where: string, error: unknown) => void;

/** Counts and logs failures of hooks. */
export function createReport(log: Log, telemetry: Telemetry): Report {
	return (where, error) => {
		telemetry({ name: 'hook.failed', labels: { hook: where } });
		log.error(`The ${where} hook failed. Only its own connection is affected.`, error);
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

/** Runs a hook whose answer nobody waits for. Nothing that it does can reach the caller. */
export function isolate(report: Report, where: string, run: () => unknown): void {
	try {
		const result = run();
		if (isThenable(result)) void Promise.resolve(result).catch((error: unknown) => report(where, error));
	} catch (error) {
		report(where, error);
	}
}
