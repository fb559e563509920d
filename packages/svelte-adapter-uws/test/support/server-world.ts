import { expect } from 'vitest';
import type { Connection } from '../../src/contract/connection.ts';
import type { SubscribeVerdict } from '../../src/contract/hooks.ts';
import type { RequestError } from '../../src/contract/platform.ts';
import { WS_PENDING_REQUESTS } from '../../src/core/slots.ts';
import { upgradeResponse } from '../../src/upgrade-response.ts';
import { settle, startCore, type FakeClient } from './core.ts';
import { endTogether, HOOK_MS, publishTo, SessionModel, type ModelServer, type Verdict } from './session-model.ts';

const TOPICS = ['a', 'b', 'gated', 'slow', 'no', 'throw', '__x'];
/** In the end it must be over. */
const LONG_MS = 100_000;

interface Pair {
	readonly model: SessionModel;
	readonly client: FakeClient;
	readonly ws: Connection;
	readonly ended: (readonly [code: number, reason: string])[];
	left: number;
	readonly said: string[];
	verdict: { readonly until: number; readonly answer: PromiseWithResolvers<SubscribeVerdict> } | undefined;
}

type Core = Awaited<ReturnType<typeof startCore>>;

/** A real core beside the model of its sessions: both are told the same, and must say the same. */
export class ServerWorld implements ModelServer {
	readonly core: Core;
	gateOpen = true;
	readonly seqs = new Map<string, number>();
	readonly sessions = new Set<SessionModel>();
	/** What each was opened as, in the order of opening. */
	readonly #opened: Connection[];
	readonly #sessionOf = new Map<SessionModel, string | undefined>();
	readonly #pairs: Pair[] = [];
	readonly #byId = new Map<string, Pair>();
	readonly #answers = new Map<number, string[]>();
	readonly #asked: { readonly n: number; readonly model: SessionModel }[] = [];
	#number = 0;

	private constructor(core: Core, opened: Connection[]) {
		this.core = core;
		this.#opened = opened;
	}

	static async start(): Promise<ServerWorld> {
		const opened: Connection[] = [];
		const of = (ws: Connection): Pair => world.#byId.get(ws.id)!;
		const core = await startCore({
			upgrade: ({ headers: { user, session, until } }) =>
				upgradeResponse({ user }, {}, { ...(session && { session }), ...(until && { expiresAt: Number(until) }) }),
			open: (ws) => void opened.push(ws),
			subscribe(ws, topic) {
				if (topic === 'throw') throw new Error('asked to');
				if (topic !== 'slow') return topic !== 'no';
				const answer = Promise.withResolvers<SubscribeVerdict>();
				of(ws).verdict = { answer, until: world.now() + HOOK_MS };
				return answer.promise;
			},
			unsubscribe: (ws) => void of(ws).left++,
			message(ws, { text }) {
				of(ws).said.push(text);
				ws.send(JSON.stringify({ echo: text }));
			},
			close(ws, { code, message, platform }) {
				const pair = of(ws);
				pair.ended.push([code, new TextDecoder().decode(message)]);
				platform.publish('a', 'e', `bye ${pair.model.user}`);
			}
		});
		const world = new ServerWorld(core, opened);
		core.platform.gate((_ws, topic) => topic !== 'gated' || world.gateOpen);
		return world;
	}

	now(): number {
		return this.core.clock.now();
	}

	async connect(user: string, session: string | undefined, ms: number | undefined): Promise<void> {
		if (this.sessions.size >= 4) return;
		// Whoever comes in the moment of a revocation is taken for one who came before it.
		await this.pass(4);
		const until = ms === undefined ? undefined : this.now() + ms;
		const client = await this.core.connect({
			user,
			...(session && { session }),
			...(until !== undefined && { until: String(until) })
		});
		const model = new SessionModel(this, user);
		if (until !== undefined) model.expiresAt = until;
		const ws = this.#opened.at(-1)!;
		const pair: Pair = { model, client, ws, ended: [], left: 0, said: [], verdict: undefined };
		expect(client.heard()).toMatchObject([{ type: 'welcome', sessionId: ws.id }]);
		this.#pairs.push(pair);
		this.#byId.set(ws.id, pair);
		this.#sessionOf.set(model, session);
	}

	/** Says a frame; text is the application's. Also a connection that is over may try. */
	say(who: number, frame: string | { readonly type: string; readonly [field: string]: unknown }): void {
		const pair = this.#pick(who);
		if (!pair) return;
		pair.client.say(frame);
		pair.model.say(frame);
	}

	subscribe(who: number, topics: readonly string[]): void {
		this.say(who, { type: 'subscribe-batch', topics, ref: ++this.#number });
	}

	message(who: number): void {
		this.say(who, `text ${++this.#number}`);
	}

	decide(who: number, verdict: Verdict): void {
		const pair = this.#pick(who);
		if (!pair?.model.isDeciding) return;
		if (verdict === 'reject') pair.verdict?.answer.reject(new Error('asked to'));
		else pair.verdict?.answer.resolve(verdict === 'yes');
		pair.verdict = undefined;
		pair.model.decide(verdict);
	}

	publish(topic: string): void {
		const data = ++this.#number;
		this.core.platform.publish(topic, 'e', data);
		publishTo(this, topic, data);
	}

	publishTogether(topics: readonly string[]): void {
		const messages = topics.map((topic) => ({ topic, event: 'e', data: ++this.#number }));
		this.core.platform.publishBatched(messages);
		for (const { topic, data } of messages) publishTo(this, topic, data);
	}

	/** The application takes a connection out of a topic. */
	putOut(who: number, topic: string): void {
		const pair = this.#pick(who);
		if (!pair) return;
		const held = pair.model.holds.delete(topic);
		expect(this.core.platform.unsubscribe(pair.ws, topic)).toBe(held);
		if (held) pair.model.left++;
	}

	ask(who: number, ms: number): void {
		const pair = this.#pick(who);
		if (!pair) return;
		const n = ++this.#number;
		const answers: string[] = [];
		this.#answers.set(n, answers);
		this.#asked.push({ n, model: pair.model });
		this.core.platform.request(pair.ws, 'q', n, { timeoutMs: ms }).then(
			(data) => answers.push(String(data)),
			({ code }: RequestError) => answers.push(code)
		);
		pair.model.ask(n, ms);
	}

	/** Answers a question of a connection: the oldest that waits, or by a number that nobody asked. */
	reply(who: number, ref: number | undefined, refuses: boolean): void {
		const pair = this.#pick(who);
		if (!pair || pair.model.closed || pair.model.questions.size === 0) return;
		const number = ref ?? [...pair.model.questions.keys()][0]!;
		const data = `answer ${++this.#number}`;
		pair.client.say({ type: 'reply', ref: number, ...(refuses ? { error: 'no' } : { data }) });
		pair.model.reply(number, refuses ? 'REFUSED' : data);
	}

	leave(who: number): void {
		const pair = this.#pick(who);
		if (!pair) return;
		pair.client.leave(1001);
		endTogether([pair.model], 1001, '', this);
	}

	close(who: number): void {
		const pair = this.#pick(who);
		if (!pair) return;
		pair.ws.close(4000, 'enough');
		endTogether([pair.model], 4000, 'enough', this);
	}

	async revoke(match: { readonly user?: string; readonly session?: string }): Promise<void> {
		const gone = [...this.sessions].filter(
			(model) =>
				(match.user === undefined || model.user === match.user) &&
				(match.session === undefined || this.#sessionOf.get(model) === match.session)
		);
		const revoked = this.core.platform.revoke(match);
		endTogether(gone, 4401, 'Session revoked', this);
		expect(await revoked).toBe(gone.length);
	}

	renew(who: number, ms: number): void {
		const pair = this.#pick(who);
		if (!pair) return;
		const { model } = pair;
		expect(this.core.platform.renew(pair.ws, { expiresAt: this.now() + ms })).toBe(!model.closed && ms > 0);
		if (!model.closed) model.expiresAt = this.now() + ms;
		model.pass();
	}

	/** Goes from one thing that happens by itself to the next. */
	async pass(ms: number): Promise<void> {
		for (let end = this.now() + ms; ;) {
			const next = Math.min(end, ...[...this.sessions].map((model) => model.next));
			this.core.clock.pass(next - this.now());
			for (const model of [...this.sessions]) model.pass();
			await this.check();
			if (next === end) return;
		}
	}

	/** Compares everything that can be seen. */
	async check(): Promise<void> {
		await settle();
		let timers = 0;
		for (const { model, client, ws, ended, left, said, verdict } of this.#pairs) {
			expect(client.heard().flatMap((frame) => this.#read(frame))).toEqual(model.due.splice(0).map((due) => this.#show(due)));
			expect(ended).toEqual(model.closed ? [model.closed] : []);
			if (model.closed) expect(client.socket.closed?.[0]).toBe(model.closed[0]);
			else expect(client.socket.closed).toBeUndefined();
			expect([left, said]).toEqual([model.left, model.said]);
			const slots = ws.getUserData() as { [WS_PENDING_REQUESTS]?: ReadonlyMap<number, unknown> };
			expect(slots[WS_PENDING_REQUESTS]?.size ?? 0).toBe(model.questions.size);
			// Nobody can stop a hook, so the end of its time comes also after the end of its connection.
			if (verdict && verdict.until > this.now()) timers++;
			timers += model.questions.size + (model.closed || model.expiresAt === Infinity ? 0 : 1);
		}
		const open = this.#pairs.filter(({ model }) => !model.closed);
		for (const { model, ws } of open) expect(ws.getTopics().sort()).toEqual([...model.holds].sort());
		for (const topic of TOPICS)
			expect(this.core.platform.subscribers(topic)).toBe(open.filter(({ model }) => model.holds.has(topic)).length);
		expect(this.core.platform.connections).toBe(this.sessions.size);
		expect(this.core.clock.pending).toBe(timers);
		for (const { n, model } of this.#asked) {
			const answer = model.answers.get(n);
			expect(this.#answers.get(n)).toEqual(answer === undefined ? [] : [answer]);
		}
	}

	/** Everybody leaves, and nothing is left of them. */
	async end(): Promise<void> {
		for (let who = 0; who < this.#pairs.length; who++) {
			this.leave(who);
			await this.check();
		}
		await this.pass(LONG_MS);
		expect([this.core.clock.pending, this.core.platform.connections]).toEqual([0, 0]);
		await this.core.core[Symbol.asyncDispose]();
	}

	#pick(who: number): Pair | undefined {
		return this.#pairs[who % this.#pairs.length];
	}

	/** A frame as the model says it; a batch is what it holds. */
	#read(frame: any, batch = false): unknown[] {
		if (frame.type === 'batch') return frame.events.flatMap((event: unknown) => this.#read(event, true));
		if (frame.topic === undefined || frame.type) return [frame];
		const { topic, data, seq, ep } = frame;
		if (ep !== undefined) expect(ep).toBe(this.core.platform.epoch);
		return [{ topic, data, seq, hasEpoch: ep !== undefined, batch }];
	}

	/** A client that takes batches may get an event by itself. */
	#show(due: any): unknown {
		return due.batch ? { ...due, batch: expect.any(Boolean) } : due;
	}
}
