import { DEFAULT_LIMITS } from '../shared/limits.ts';
import type { AppSettings } from './app-settings.ts';

// Said by calls that are handed no platform, to whichever copy of this package serves.
const APP = Symbol.for('svelte-realtime.app');

/**
 * The settings of the app's present version. A server keeps those it began with: when a change in dev does not compile, the
 * version before goes on with its own.
 */
export function app(): AppSettings {
	const holder = globalThis as { [APP]?: AppSettings };
	return (holder[APP] ??= emptyApp());
}

/** The settings of an app that says nothing. */
export const emptyApp = (): AppSettings => ({ middleware: [], errorHandlers: new Set(), limits: DEFAULT_LIMITS });
