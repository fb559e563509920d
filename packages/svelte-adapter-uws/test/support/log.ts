import type { Log } from '../../src/contract/log.ts';
import type { Telemetry, TelemetryEvent } from '../../src/contract/telemetry.ts';

export type Line = readonly [level: keyof Log, message: string, details?: unknown];

/** A log that a test reads. */
export function memoryLog(): Log & { readonly lines: Line[] } {
	const lines: Line[] = [];
	const write = (level: keyof Log) => (message: string, details?: unknown) =>
		void lines.push(details === undefined ? [level, message] : [level, message, details]);
	return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** A telemetry sink that a test reads. */
export function memoryTelemetry(): Telemetry & { readonly events: TelemetryEvent[]; names(): string[] } {
	const events: TelemetryEvent[] = [];
	return Object.assign((event: TelemetryEvent) => void events.push(event), {
		events,
		names: () => events.map(({ name }) => name)
	});
}
