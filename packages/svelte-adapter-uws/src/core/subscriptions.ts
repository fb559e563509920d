import type { Position } from '../contract/envelope.ts';
import type { Gate } from '../contract/platform.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import { encodeDenied, encodeSubscribed, type Ref } from '../protocol/control.ts';
import { DENIAL } from '../protocol/errors.ts';
import { isReservedTopic, isTopic, isWireTopic } from '../protocol/topic.ts';
import { takesEpochs } from './audience.ts';
import type { ServerConnection } from './connection.ts';
import { ask, type Answer } from './gate.ts';
import { isolate, isThenable, type Limit, type Report } from './isolation.ts';
import { LIMITS } from './limits.ts';
import { ConnectionContext } from './message.ts';
import { Undecided, type Asked } from './undecided.ts';

export interface SubscriptionsParts {
	readonly report: Report;
	readonly limit: Limit;
	readonly telemetry: Telemetry;
	readonly allowSystemTopicSubscribe: boolean;
	readonly allowNonAsciiTopics: boolean;
	/** Prepares this node for somebody who hears a topic; gives a promise, which never rejects, only while that takes time. */
	readonly enter: (topic: string) => Promise<void> | undefined;
	/** Up to where this node has shown a topic of which a client that comes back can get the rest; `undefined` for any other. */
	readonly position: (topic: string) => Position | undefined;
}

/** Who may join which topic: grammar, caps and the app's gate, on one path for single and batch subscribes. */
export class Subscriptions {
	readonly #parts: SubscriptionsParts;
	readonly #gates = new Set<Gate>();
	readonly #undecided = new Undecided();

	constructor(parts: SubscriptionsParts) {
		this.#parts = parts;
	}

	/** Answers a subscribe frame, with one ack or denial a topic when the client gave a `ref`. Gives a promise only while a hook decides. */
	answer(connection: ServerConnection, asked: readonly unknown[], ref: Ref | undefined): Promise<void> | undefined {
		const topics: string[] = [];
		for (const topic of asked.slice(0, LIMITS.topicsPerBatch)) {
			if (!this.#isAllowed(topic)) {
				deny(connection, topic, ref, DENIAL.INVALID_TOPIC);
				continue;
			}
			const passes = this.passes(connection, topic);
			if (passes === true) topics.push(topic);
			else if (passes === false) deny(connection, topic, ref, DENIAL.FORBIDDEN);
			else this.#decideLater(connection, { topic, ref }, passes);
		}
		return this.#decide(connection, topics, ref);
	}

	/** Asks `gate` about every subscribe frame from now on, until it is disposed. */
	gate(gate: Gate): Disposable {
		this.#gates.add(gate);
		return { [Symbol.dispose]: () => void this.#gates.delete(gate) };
	}

	/** A subscribe by the app's own code, through the gate. */
	async join(connection: ServerConnection, topic: string): Promise<Answer> {
		if (!connection.open) throw new Error('The connection is closed. Subscribe while it is open.');
		if (connection.isSubscribed(topic)) return null;
		if (this.#isFull(connection, topic)) return DENIAL.RATE_LIMITED;
		const denied = await this.#ask(connection, topic, false);
		if (denied !== null) return denied;
		if (!connection.open) throw new Error('The connection closed while its subscribe was decided.');
		if (this.#isFull(connection, topic)) return DENIAL.RATE_LIMITED;
		await this.#parts.enter(topic);
		if (!connection.open) throw new Error('The connection closed while its subscribe was decided.');
		connection.subscribe(topic);
		return null;
	}

	/** Those of the topics that the connection may join by itself, as if it had asked for them. */
	async allowed(connection: ServerConnection, topics: readonly string[]): Promise<readonly string[]> {
		const passes = await Promise.all(topics.map((topic) => this.#isAllowed(topic) && this.passes(connection, topic)));
		const open = topics.filter((topic, i) => passes[i] === true && !this.#isFull(connection, topic));
		const answers = connection.open ? await ask(connection, open, this.#parts) : [];
		return open.filter((_, i) => answers[i] === null);
	}

	/** What the gates say of a topic; a promise only when one of them gives one, which never rejects. */
	passes(connection: ServerConnection, topic: string): boolean | Promise<boolean> {
		const failed = (error: unknown): false => {
			this.#parts.report('gate', error, connection.requestId);
			return false;
		};
		const waits: Promise<boolean>[] = [];
		for (const gate of this.#gates) {
			try {
				const verdict = gate(connection, topic);
				if (isThenable(verdict)) waits.push(this.#parts.limit(verdict).then((yes) => yes === true, failed));
				else if (verdict !== true) return false;
			} catch (error) {
				return failed(error);
			}
		}
		return waits.length === 0 || Promise.all(waits).then((verdicts) => verdicts.every(Boolean));
	}

	/** What the gates and the hook would say to a client that asked, and nothing else. */
	async check(connection: ServerConnection, topic: string): Promise<Answer> {
		if (!isTopic(topic)) return DENIAL.INVALID_TOPIC;
		// Who asks on behalf of a client must not learn of a library's topic what the client could not.
		if ((await this.passes(connection, topic)) !== true) return DENIAL.FORBIDDEN;
		return this.#ask(connection, topic, true);
	}

	/** A client wants a topic no more: what it asked before is taken back, as if it had been decided at once. */
	withdraw(connection: ServerConnection, topic: string): void {
		this.#undecided.withdraw(connection, topic);
		this.leave(connection, topic);
	}

	/** Leaves a topic and tells the app. False when the connection did not hold it. */
	leave(connection: ServerConnection, topic: string): boolean {
		if (!connection.unsubscribe(topic)) return false;
		const { hooks } = connection;
		if (hooks.unsubscribe) {
			isolate(
				() => hooks.unsubscribe?.(connection, topic, new ConnectionContext(connection)),
				(error) => this.#parts.report('unsubscribe', error, connection.requestId)
			);
		}
		return true;
	}

	async #ask(connection: ServerConnection, topic: string, checking: boolean): Promise<Answer> {
		if (!isTopic(topic)) return DENIAL.INVALID_TOPIC;
		const [answer] = await ask(connection, [topic], this.#parts, checking);
		return answer ?? null;
	}

	#isAllowed(topic: unknown): topic is string {
		return (
			isWireTopic(topic, this.#parts.allowNonAsciiTopics) && (this.#parts.allowSystemTopicSubscribe || !isReservedTopic(topic))
		);
	}

	#decideLater(
		connection: ServerConnection,
		{ topic, ref }: { readonly topic: string; readonly ref: Ref | undefined },
		passes: Promise<boolean>
	): void {
		const asked = this.#undecided.add(connection, topic);
		if (!asked) {
			this.#parts.telemetry({ name: 'limit.undecidedSubscribes' });
			return deny(connection, topic, ref, DENIAL.RATE_LIMITED);
		}
		void passes
			.then((yes) => (yes ? this.#decide(connection, [topic], ref, asked) : deny(connection, topic, ref, DENIAL.FORBIDDEN)))
			.then(() => this.#undecided.delete(connection, asked));
	}

	/** Caps and the app's hook, for topics that every gate has let pass. */
	#decide(
		connection: ServerConnection,
		asked: readonly string[],
		ref: Ref | undefined,
		later?: Asked
	): Promise<void> | undefined {
		const topics = asked.filter((topic) => {
			const full = this.#isFull(connection, topic);
			if (full) deny(connection, topic, ref, DENIAL.RATE_LIMITED);
			return !full;
		});
		if (topics.length === 0 || !connection.open) return undefined;
		const verdicts = ask(connection, topics, this.#parts);
		const answers = isThenable(verdicts)
			? verdicts.then((settled) => this.#enter(topics, settled))
			: this.#enter(topics, verdicts);
		if (!isThenable(answers)) {
			this.#settle(connection, topics, answers, { ref, later });
			return undefined;
		}
		// What a gate allowed may be over by the time that the hook has answered.
		const holds = async (topic: string): Promise<Answer> => ((await this.passes(connection, topic)) ? null : DENIAL.FORBIDDEN);
		return answers
			.then((settled) => Promise.all(topics.map((topic, i) => settled[i] ?? holds(topic))))
			.then((settled) => this.#settle(connection, topics, settled, { ref, later }));
	}

	/** Prepares this node for those of the topics that are allowed, before they are joined. */
	#enter(topics: readonly string[], answers: readonly Answer[]): readonly Answer[] | Promise<readonly Answer[]> {
		const entering = topics.flatMap((topic, i) => ((answers[i] ?? null) === null ? (this.#parts.enter(topic) ?? []) : []));
		return entering.length === 0 ? answers : Promise.all(entering).then(() => answers);
	}

	#isFull(connection: ServerConnection, topic: string): boolean {
		if (connection.topics.size < LIMITS.subscriptionsPerConnection || connection.isSubscribed(topic)) return false;
		this.#parts.telemetry({ name: 'limit.subscriptionsPerConnection' });
		return true;
	}

	#settle(
		connection: ServerConnection,
		topics: readonly string[],
		answers: readonly Answer[],
		{ ref, later }: { readonly ref: Ref | undefined; readonly later: Asked | undefined }
	): void {
		topics.forEach((topic, i) => {
			const reason = answers[i] ?? (this.#isFull(connection, topic) ? DENIAL.RATE_LIMITED : null);
			if (reason !== null) return deny(connection, topic, ref, reason);
			const isLeft = later?.isWithdrawn && !connection.isSubscribed(topic);
			connection.subscribe(topic);
			if (ref !== undefined) {
				// In the turn of the join, so that nothing falls between the two.
				const position = takesEpochs(connection.variant) ? this.#parts.position(topic) : undefined;
				connection.sendFrame(encodeSubscribed(topic, ref, position));
			}
			if (isLeft) this.leave(connection, topic);
		});
	}
}

function deny(connection: ServerConnection, topic: unknown, ref: Ref | undefined, reason: string): void {
	if (ref !== undefined) connection.sendFrame(encodeDenied(topic, ref, reason));
}
