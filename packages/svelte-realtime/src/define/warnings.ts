import { app } from './app.ts';
import type { PublishRateWarning, SilentTopicWarning } from './app-settings.ts';
import { checkNames, problem } from './problem.ts';

/** Warnings in development. */
export interface WarningsMaker {
	/**
	 * In development, whether to warn, once for each topic, of more than `threshold` publishes a second. On by default; volatile
	 * publishes do not count.
	 * @example live.publishRateWarning({ threshold: 500 });
	 */
	publishRateWarning(config: boolean | PublishRateWarning): void;
	/**
	 * In development, whether to warn, once for each topic, that a stream has subscribers and nothing was published on its topic for
	 * `thresholdMs`. On by default.
	 * @example live.silentTopicWarning({ suppress: ['settings'] });
	 */
	silentTopicWarning(config: boolean | SilentTopicWarning): void;
}

const isPositive = (value: unknown): boolean => value === undefined || (Number.isFinite(value) && (value as number) > 0);

export const publishRateWarning: WarningsMaker['publishRateWarning'] = (config) => {
	const what = 'live.publishRateWarning';
	const read = typeof config === 'boolean' ? {} : config;
	check(what, read, ['threshold', 'intervalMs']);
	if (!isPositive(read.threshold)) throw problem(what, 'threshold', read.threshold, 'publishes a second, above 0');
	if (!isPositive(read.intervalMs)) throw problem(what, 'intervalMs', read.intervalMs, 'milliseconds above 0');
	app().publishRateWarning = config === false ? false : read;
};

export const silentTopicWarning: WarningsMaker['silentTopicWarning'] = (config) => {
	const what = 'live.silentTopicWarning';
	const read = typeof config === 'boolean' ? {} : config;
	check(what, read, ['thresholdMs', 'suppress']);
	if (!isPositive(read.thresholdMs)) throw problem(what, 'thresholdMs', read.thresholdMs, 'milliseconds above 0');
	const { suppress = [] } = read;
	if (!Array.isArray(suppress) || !suppress.every((topic) => typeof topic === 'string'))
		throw problem(what, 'suppress', suppress, 'a list of topics');
	app().silentTopicWarning = config === false ? false : read;
};

function check(what: string, config: object, fields: readonly string[]): void {
	if (typeof config !== 'object' || config === null) throw problem(what, 'config', config, 'true, false, or an object');
	checkNames(what, config, fields, 'config');
}
