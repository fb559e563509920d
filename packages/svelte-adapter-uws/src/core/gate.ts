import type { SubscribeVerdict } from '../contract/hooks.ts';
import { DENIAL } from '../protocol/errors.ts';
import type { ServerConnection } from './connection.ts';
import { atOnce, isThenable, type Limit, type Report } from './isolation.ts';
import { Asking } from './message.ts';

/** Reason for a denial, or `null` for yes. */
export type Answer = string | null;

export interface AskParts {
	readonly report: Report;
	readonly limit: Limit;
}

/**
 * Asks the app about valid topics: `subscribeBatch` once, else `subscribe` for each at the same time, else everybody may.
 * `checking`: the connection does not join, whatever the answer is. A hook that throws, rejects or takes too long denies. Gives a promise only when a hook does.
 */
export function ask(
	connection: ServerConnection,
	topics: readonly string[],
	{ report, limit }: AskParts,
	checking = false
): readonly Answer[] | Promise<readonly Answer[]> {
	const { hooks } = connection;
	if (hooks.subscribeBatch) return askTogether(connection, topics, { report, limit }, checking);
	if (!hooks.subscribe) return topics.map(() => null);
	const failed = (error: unknown): Answer => {
		report('subscribe', error, connection.requestId);
		return DENIAL.INTERNAL_ERROR;
	};
	let waits = false;
	const answers = topics.map((topic): Answer | Promise<Answer> => {
		try {
			const verdict = hooks.subscribe?.(connection, topic, new Asking(connection, checking));
			if (!isThenable(verdict)) return toAnswer(verdict);
			waits = true;
			return limit(verdict as PromiseLike<SubscribeVerdict>).then(toAnswer, failed);
		} catch (error) {
			return failed(error);
		}
	});
	return waits ? Promise.all(answers) : (answers as readonly Answer[]);
}

function askTogether(
	connection: ServerConnection,
	topics: readonly string[],
	{ report, limit }: AskParts,
	checking = false
): readonly Answer[] | Promise<readonly Answer[]> {
	const deny = (error: unknown): Answer => {
		report('subscribeBatch', error, connection.requestId);
		return DENIAL.INTERNAL_ERROR;
	};
	const failed = (error: unknown): readonly Answer[] => {
		const answer = deny(error);
		return topics.map(() => answer);
	};
	const read = (verdicts: unknown): readonly Answer[] => {
		if (typeof verdicts !== 'object' || verdicts === null) return topics.map(() => null);
		return topics.map((topic) => {
			if (!Object.hasOwn(verdicts, topic)) return null;
			const verdict = (verdicts as Record<string, SubscribeVerdict>)[topic];
			try {
				return toAnswer(atOnce(`The verdict on ${JSON.stringify(topic)}`, verdict));
			} catch (error) {
				return deny(error);
			}
		});
	};
	try {
		const verdicts = connection.hooks.subscribeBatch?.(connection, topics, new Asking(connection, checking));
		return isThenable(verdicts) ? limit(verdicts).then(read).catch(failed) : read(verdicts);
	} catch (error) {
		return failed(error);
	}
}

function toAnswer(verdict: SubscribeVerdict): Answer {
	if (verdict === false) return DENIAL.FORBIDDEN;
	return typeof verdict === 'string' ? verdict : null;
}
