import type { Clock } from '../contract/clock.ts';
import { systemClock } from '../host/clock.ts';
import { consoleLog } from '../host/log.ts';

/** What every plugin takes from the process unless the app gives its own. */
export interface ProcessParts {
	readonly clock: Clock;
	readonly onError: (error: unknown) => void;
}

/** The time of the machine, and a line on the console for what goes wrong where no hook waits for it. */
export function processParts(plugin: string): ProcessParts {
	return { clock: systemClock(), onError: (error) => consoleLog().error(`The plugin ${plugin} failed.`, error) };
}
