/** What a hook says about a topic after a while; `reject` stands for any failure. */
export type Verdict = 'yes' | 'no' | 'reject';

/** Milliseconds after which a hook has taken too long. */
export const HOOK_MS = 30_000;

/** What the model and the server it is compared with have in common. */
export interface ModelServer {
	now(): number;
	/** Whether a library lets clients into the topic `gated`. */
	gateOpen: boolean;
	/** The last number of each topic. */
	readonly seqs: Map<string, number>;
	/** In the order of their coming. */
	readonly sessions: Set<SessionModel>;
}

interface Asked {
	readonly topics: readonly string[];
	readonly ref: unknown;
	readonly since: number;
}

/** An event, once it has been taken out of a batch. */
export interface Heard {
	readonly topic: string;
	readonly data: unknown;
	readonly seq?: number;
	readonly hasEpoch: boolean;
	/** It may have come in a batch. */
	readonly batch: boolean;
}

const REASONS: Readonly<Record<string, string>> = { no: 'FORBIDDEN', throw: 'INTERNAL_ERROR' };
const VERDICTS: Readonly<Record<Verdict, string | null>> = { yes: null, no: 'FORBIDDEN', reject: 'INTERNAL_ERROR' };

/** One connection as simply as it can be said: what its client is to hear, in order. */
export class SessionModel {
	readonly user: string;
	readonly holds = new Set<string>();
	/** What the client is to hear and has not yet been compared. */
	readonly due: unknown[] = [];
	/** When each question is given up, and its number. */
	readonly questions = new Map<number, { readonly n: number; readonly until: number }>();
	/** How each question ended, by its number. */
	readonly answers = new Map<number, string>();
	expiresAt = Infinity;
	/** Code and reason once it is over. */
	closed: readonly [code: number, reason: string] | undefined;
	/** How often the application hears that a topic was left, and what it is told. */
	left = 0;
	readonly said: string[] = [];
	readonly #server: ModelServer;
	readonly #queue: any[] = [];
	#asked: Asked | undefined;
	#takesBatches = false;
	#takesEpochs = false;
	#lastRef = 0;

	constructor(server: ModelServer, user: string) {
		this.#server = server;
		this.user = user;
		server.sessions.add(this);
	}

	/** A hook is deciding, and everything waits for it. */
	get isDeciding(): boolean {
		return this.#asked !== undefined;
	}

	/** When something happens by itself. */
	get next(): number {
		const asked = this.#asked ? this.#asked.since + HOOK_MS : Infinity;
		return this.closed ? Infinity : Math.min(this.expiresAt, asked, ...[...this.questions.values()].map(({ until }) => until));
	}

	say(frame: unknown): void {
		if (this.closed) return;
		this.#queue.push(frame);
		this.#goOn();
	}

	decide(verdict: Verdict): void {
		if (!this.#asked) return;
		const { topics, ref } = this.#asked;
		this.#asked = undefined;
		this.#settle(
			topics.map((topic) => {
				const reason = topic === 'slow' ? VERDICTS[verdict] : (REASONS[topic] ?? null);
				return [topic, reason ?? this.#gate(topic)];
			}),
			ref
		);
		this.#goOn();
	}

	event(topic: string, data: unknown, seq: number): void {
		if (this.closed || !this.holds.has(topic)) return;
		const heard: Heard = { topic, data, seq, hasEpoch: this.#takesEpochs, batch: this.#takesBatches };
		this.due.push(heard);
	}

	ask(n: number, ms: number): void {
		if (this.closed) return void this.answers.set(n, 'CLOSED');
		const ref = ++this.#lastRef;
		this.questions.set(ref, { n, until: this.#server.now() + ms });
		this.due.push({ type: 'request', ref, event: 'q', data: n });
	}

	reply(ref: number, answer: string): void {
		const question = this.questions.get(ref);
		if (!question || this.closed) return;
		this.questions.delete(ref);
		this.answers.set(question.n, answer);
	}

	/** What time brings. */
	pass(): void {
		const now = this.#server.now();
		for (const [ref, { until }] of this.questions) if (until <= now) this.reply(ref, 'TIMEOUT');
		if (this.#asked && this.#asked.since + HOOK_MS <= now) this.decide('reject');
		if (this.expiresAt <= now) endTogether([this], 4401, 'Session expired', this.#server);
	}

	/** Nothing is sent or handled any more. */
	silence(code: number, reason: string): void {
		this.closed = [code, reason];
		this.holds.clear();
		this.#queue.length = 0;
		this.#asked = undefined;
		for (const { n } of this.questions.values()) this.answers.set(n, 'CLOSED');
		this.questions.clear();
		this.#server.sessions.delete(this);
	}

	#goOn(): void {
		while (!this.#asked && this.#queue.length > 0) this.#handle(this.#queue.shift());
	}

	#handle(frame: any): void {
		if (typeof frame === 'string') {
			this.said.push(frame);
			return void this.due.push({ echo: frame });
		}
		switch (frame.type) {
			case 'hello':
				this.#takesBatches = frame.caps.includes('batch');
				this.#takesEpochs = frame.caps.includes('epoch');
				return;
			case 'ping':
				return void this.due.push({ type: 'pong' });
			case 'unsubscribe':
				if (this.holds.delete(frame.topic)) this.left++;
				return;
			default:
				this.#subscribe(frame.topics, frame.ref);
		}
	}

	#subscribe(asked: readonly string[], ref: unknown): void {
		const topics: string[] = [];
		for (const topic of asked) {
			const reason = topic.startsWith('__') ? 'INVALID_TOPIC' : this.#gate(topic);
			if (reason === null) topics.push(topic);
			else this.#settle([[topic, reason]], ref);
		}
		if (topics.includes('slow')) this.#asked = { topics, ref, since: this.#server.now() };
		else
			this.#settle(
				topics.map((topic) => [topic, REASONS[topic] ?? null]),
				ref
			);
	}

	#gate(topic: string): string | null {
		return topic === 'gated' && !this.#server.gateOpen ? 'FORBIDDEN' : null;
	}

	#settle(answers: readonly (readonly [topic: string, reason: string | null])[], ref: unknown): void {
		for (const [topic, reason] of answers) {
			if (reason === null) this.holds.add(topic);
			this.due.push(reason === null ? { type: 'subscribed', topic, ref } : { type: 'subscribe-denied', topic, ref, reason });
		}
	}
}

/** An event for everybody who holds the topic; gives its number. */
export function publishTo(server: ModelServer, topic: string, data: unknown): number {
	const seq = (server.seqs.get(topic) ?? 0) + 1;
	server.seqs.set(topic, seq);
	for (const session of server.sessions) session.event(topic, data, seq);
	return seq;
}

/** Connections that end together: none of them hears of the end of another. Whoever is left hears of each on topic `a`. */
export function endTogether(sessions: readonly SessionModel[], code: number, reason: string, server: ModelServer): void {
	const open = sessions.filter(({ closed }) => !closed);
	for (const session of open) session.silence(code, reason);
	for (const { user } of open) publishTo(server, 'a', `bye ${user}`);
}
