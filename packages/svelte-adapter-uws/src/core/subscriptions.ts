import type { SubscribeVerdict, WebSocketHooks } from '../contract/hooks.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { encodeDenied, encodeSubscribed, type Ref } from '../protocol/control.ts';
import { DENIAL } from '../protocol/errors.ts';
import { isReservedTopic, isTopic, isWireTopic } from '../protocol/topic.ts';
import type { ServerConnection } from './connection.ts';
import { isolate, isThenable, type Report } from './isolation.ts';
import { LIMITS } from './limits.ts';

export interface SubscriptionsParts {
	readonly hooks: () => WebSocketHooks;
	readonly report: Report;
	readonly telemetry: Telemetry;
	readonly allowSystemTopicSubscribe: boolean;
	readonly allowNonAsciiTopics: boolean;
}

/** Reason for a denial, or `null` for yes. */
type Answer = string | null;

/** Who may join which topic: grammar, caps and the app's gate, on one path for single and batch subscribes. */
export class Subscriptions {
	readonly #parts: SubscriptionsParts;

	constructor(parts: SubscriptionsParts) {
		this.#parts = parts;
	}

	/** Answers a subscribe frame, with one ack or denial a topic when the client gave a `ref`. Gives a promise only while a hook decides. */
	subscribe(connection: ServerConnection, asked: readonly unknown[], ref: Ref | undefined): Promise<void> | undefined {
		const topics: string[] = [];
		for (const topic of asked.slice(0, LIMITS.topicsPerBatch)) {
			const refusal = this.#refusal(topic);
			if (refusal !== undefined) deny(connection, topic, ref, refusal);
			else if (this.#isFull(connection, topic as string)) deny(connection, topic, ref, DENIAL.RATE_LIMITED);
			else topics.push(topic as string);
		}
		if (topics.length === 0) return undefined;
		const answers = this.#ask(connection, topics);
		if (!isThenable(answers)) return this.#settle(connection, topics, answers, ref);
		return answers.then((settled) => this.#settle(connection, topics, settled, ref));
	}

	/** A subscribe by the app's own code, through the gate. */
	async join(connection: ServerConnection, topic: string): Promise<Answer> {
		if (!connection.open) throw new Error('The connection is closed. Subscribe while it is open.');
		if (connection.isSubscribed(topic)) return null;
		if (this.#isFull(connection, topic)) return DENIAL.RATE_LIMITED;
		const denied = await this.check(connection, topic);
		if (denied !== null) return denied;
		if (!connection.open) throw new Error('The connection closed while its subscribe was decided.');
		if (this.#isFull(connection, topic)) return DENIAL.RATE_LIMITED;
		connection.subscribe(topic);
		return null;
	}

	/** What the gate says, and nothing else. */
	async check(connection: ServerConnection, topic: string): Promise<Answer> {
		if (!isTopic(topic)) return DENIAL.INVALID_TOPIC;
		return (await this.#ask(connection, [topic]))[0] ?? null;
	}

	/** Leaves a topic and tells the app. False when the connection did not hold it. */
	leave(connection: ServerConnection, topic: string): boolean {
		if (!connection.unsubscribe(topic)) return false;
		const hooks = this.#parts.hooks();
		if (hooks.unsubscribe) isolate(this.#parts.report, 'unsubscribe', () => hooks.unsubscribe?.(connection, topic, { platform: connection.platform }));
		return true;
	}

	#refusal(topic: unknown): string | undefined {
		if (!isWireTopic(topic, this.#parts.allowNonAsciiTopics)) return DENIAL.INVALID_TOPIC;
		return isReservedTopic(topic) && !this.#parts.allowSystemTopicSubscribe ? DENIAL.INVALID_TOPIC : undefined;
	}

	#isFull(connection: ServerConnection, topic: string): boolean {
		if (connection.topics.size < LIMITS.subscriptionsPerConnection || connection.isSubscribed(topic)) return false;
		this.#parts.telemetry({ name: 'limit.subscriptionsPerConnection' });
		return true;
	}

	#settle(connection: ServerConnection, topics: readonly string[], answers: readonly Answer[], ref: Ref | undefined): undefined {
		if (!connection.open) return;
		topics.forEach((topic, i) => {
			const answer = answers[i] ?? (this.#isFull(connection, topic) ? DENIAL.RATE_LIMITED : null);
			if (answer !== null) return deny(connection, topic, ref, answer);
			connection.subscribe(topic);
			if (ref !== undefined) connection.sendFrame(encodeSubscribed(topic, ref));
		});
	}

	/** Asks the app about valid topics. A hook that throws or rejects denies. */
	#ask(connection: ServerConnection, topics: readonly string[]): readonly Answer[] | Promise<readonly Answer[]> {
		const hooks = this.#parts.hooks();
		const fail = (where: string) => (error: unknown) => {
			this.#parts.report(where, error);
			return DENIAL.INTERNAL_ERROR;
		};
		if (hooks.subscribeBatch) {
			const read = (verdicts: unknown): readonly Answer[] =>
				topics.map((topic) => (typeof verdicts === 'object' && verdicts !== null && Object.hasOwn(verdicts, topic) ? toAnswer((verdicts as Record<string, SubscribeVerdict>)[topic]) : null));
			const denyAll = (error: unknown): readonly Answer[] => topics.map(fail('subscribeBatch').bind(null, error));
			try {
				const verdicts = hooks.subscribeBatch(connection, topics, { platform: connection.platform });
				return isThenable(verdicts) ? Promise.resolve(verdicts).then(read).catch(denyAll) : read(verdicts);
			} catch (error) {
				return denyAll(error);
			}
		}
		if (!hooks.subscribe) return topics.map(() => null);
		let waits = false;
		const answers = topics.map((topic): Answer | Promise<Answer> => {
			try {
				const verdict = hooks.subscribe?.(connection, topic, { platform: connection.platform });
				if (!isThenable(verdict)) return toAnswer(verdict);
				waits = true;
				return Promise.resolve(verdict).then(toAnswer, fail('subscribe'));
			} catch (error) {
				return fail('subscribe')(error);
			}
		});
		return waits ? Promise.all(answers) : (answers as readonly Answer[]);
	}
}

function toAnswer(verdict: SubscribeVerdict): Answer {
	if (verdict === false) return DENIAL.FORBIDDEN;
	return typeof verdict === 'string' ? verdict : null;
}

function deny(connection: ServerConnection, topic: unknown, ref: Ref | undefined, reason: string): void {
	if (ref !== undefined) connection.sendFrame(encodeDenied(topic, ref, reason));
}
