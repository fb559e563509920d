import { expect } from 'vitest';
import { createClient } from '../../src/client/connect.ts';
import { answerRequests } from '../../src/client/request.ts';
import { hold } from '../../src/client/store/topic.ts';
import type { Client, Failure } from '../../src/contract/client.ts';
import { classifyCloseCode } from '../../src/protocol/close-codes.ts';
import { browserOptions, startBrowser, valueOf, type Browser, type BrowserSocket } from './browser.ts';
import { FarEnd, type FarServer } from './far-end.ts';

/** How a page answers a question of the server. */
export type AnswerMode = 'now' | 'later' | 'never' | 'throw';

interface Holder {
	readonly release: () => void;
	/** Numbers of the events that it is to have heard, and did. */
	readonly due: number[];
	readonly heard: number[];
}

interface Question {
	readonly line: FarEnd;
	readonly ref: number;
	/** Whether the page has answered while its line was up. */
	due: boolean;
	finish: (() => void) | undefined;
}

interface Preflight {
	/** Answers it; 0 = the network fails. */
	readonly answer: (status: number) => void;
}

/** What a server without pings may be silent for, and how long a client then takes to see that it is gone. */
const LONGEST_SILENCE_MS = 200_000;

const givenUp = (reason: string): Failure => ({ kind: 'ws-close', class: 'RETRY', code: 1006, reason });

/** A client whose server, network and page are in the hands of a test, and what is true of it. */
export class ClientWorld {
	readonly browser: Browser = startBrowser();
	readonly client: Client;
	readonly #server: FarServer = {
		now: () => this.browser.time.now(),
		isMute: false,
		isSlow: false,
		denies: new Set(),
		arrived: [],
		mistakes: []
	};
	readonly #auth: boolean;
	readonly #lines = new Map<BrowserSocket, FarEnd>();
	readonly #holders = new Map<string, Set<Holder>>();
	/** Sockets that the client has closed. */
	readonly #left = new Set<BrowserSocket>();
	readonly #gone: Holder[] = [];
	readonly #questions: Question[] = [];
	readonly #asks = new Set<Preflight>();
	readonly #queued: number[] = [];
	readonly #dropped: number[] = [];
	#mode: AnswerMode = 'now';
	#asking: Question | undefined;
	#passed = 0;
	#number = 0;
	#isEnded = false;
	/** `o` = opened, `d` = lost, `D` = ended. */
	#news = '';
	#failure: Failure | null = null;

	constructor(auth: boolean) {
		this.#auth = auth;
		globalThis.fetch = (_url, init) => this.#preflight(init?.signal ?? undefined);
		this.client = createClient({ ...browserOptions(this.browser), auth });
		this.client.onOpen(() => (this.#news += 'o'));
		this.client.onDown((_failure, terminal) => (this.#news += terminal ? 'D' : 'd'));
		answerRequests(this.client, () => this.#reply());
	}

	get #live(): BrowserSocket[] {
		return this.browser.sockets.filter((socket) => socket.readyState < 2);
	}

	get #line(): FarEnd | undefined {
		const [socket] = this.#live;
		return socket?.readyState === 1 ? this.#lines.get(socket) : undefined;
	}

	/** The handshake succeeds; `caps` of a server that says so. */
	open(caps: readonly string[]): void {
		const [socket] = this.#live;
		if (socket?.readyState !== 0) return;
		const line = new FarEnd(this.#server, socket, caps);
		this.#lines.set(socket, line);
		this.#failure = null;
		socket.open();
		line.welcome();
	}

	/** The network, or the server, ends the socket, whether it is open yet or not. */
	end(code: number, reason = ''): void {
		const [socket] = this.#live;
		if (!socket) return;
		const kind = classifyCloseCode(code);
		this.#failure = { kind: 'ws-close', class: kind, code, reason };
		if (kind === 'TERMINAL') this.#isEnded = true;
		socket.end(code, reason);
	}

	preflight(status: number): void {
		for (const ask of this.#asks) {
			this.#asks.delete(ask);
			if (status < 200 || status > 299) {
				this.#failure = { kind: 'auth-preflight', class: 'AUTH', status, reason: expect.any(String) as string };
				if (status >= 400 && status < 500 && status !== 429) this.#isEnded = true;
			} else this.#passed++;
			ask.answer(status);
		}
	}

	hold(topic: string): void {
		const holder: Holder = { due: [], heard: [], release: () => leave() };
		const leave = hold(this.client, topic, (envelopes) => {
			for (const { data } of envelopes) holder.heard.push(data as number);
		});
		const holders = this.#holders.get(topic) ?? new Set();
		this.#holders.set(topic, holders.add(holder));
	}

	release(topic: string): void {
		const holders = this.#holders.get(topic);
		const [holder] = holders ?? [];
		if (!holders || !holder) return;
		holder.release();
		holders.delete(holder);
		if (holders.size === 0) this.#holders.delete(topic);
		this.#gone.push(holder);
	}

	/** The page leaves a topic that the server joined for it. */
	giveBack(topic: string): void {
		this.client.release(topic);
	}

	deny(topic: string, denies: boolean): void {
		if (denies) this.#server.denies.add(topic);
		else this.#server.denies.delete(topic);
	}

	/** An event comes in: of a topic that the client is in, or one that was on its way when the client left it. */
	event(topic: string): void {
		const line = this.#line;
		if (!line) return;
		const data = ++this.#number;
		for (const holder of this.#holders.get(topic) ?? []) holder.due.push(data);
		line.say({ topic, event: 'e', data });
	}

	ask(mode: AnswerMode): void {
		const line = this.#line;
		if (!line) return;
		const question: Question = { line, ref: line.replies.size + 1, due: mode === 'now' || mode === 'throw', finish: undefined };
		this.#questions.push(question);
		this.#mode = mode;
		this.#asking = question;
		line.ask();
	}

	finishAnswer(): void {
		const question = this.#questions.find(({ finish }) => finish);
		if (!question) return;
		question.due = question.line === this.#line;
		question.finish?.();
		question.finish = undefined;
	}

	queue(): void {
		const data = ++this.#number;
		this.#queued.push(data);
		this.client.sendQueued(JSON.stringify({ data }), () => this.#dropped.push(data));
	}

	mute(isMute: boolean): void {
		this.#server.isMute = isMute;
		const line = this.#line;
		if (line && isMute) line.wasMute = true;
	}

	slow(isSlow: boolean): void {
		this.#server.isSlow = isSlow;
	}

	show(visible: boolean): void {
		this.browser.page.show(visible);
	}

	online(): void {
		this.browser.page.online();
	}

	pass(ms: number): void {
		for (let left = ms; left > 0; left -= 5000) {
			this.browser.time.pass(Math.min(left, 5000));
			this.work();
		}
	}

	close(): void {
		this.#failure = null;
		this.#isEnded = true;
		this.client.close();
	}

	/** The network is well and the server answers everything: after a while the client must be connected. */
	heal(): void {
		this.mute(false);
		this.slow(false);
		this.pass(400_000);
		this.preflight(204);
	}

	/** The server handles what was sent. */
	work(): void {
		for (const line of this.#lines.values()) line.work();
		for (const socket of this.browser.sockets) if (socket.closed && !this.#left.has(socket)) this.#leave(socket);
	}

	/** Everything that must be true once nothing is on its way. */
	check(): void {
		this.work();
		const { browser, client } = this;
		const live = this.#live;
		const line = this.#line;
		this.#expect(live.length + this.#asks.size <= 1, `${live.length} sockets, ${this.#asks.size} preflights at once`);
		this.#expect(!this.#auth || browser.sockets.length <= this.#passed, 'a socket without a preflight');
		this.#expect(client.connected === (line !== undefined), `connected is ${client.connected}`);
		const state = line ? 'open' : live.length + this.#asks.size > 0 ? 'connecting' : this.#isEnded ? 'failed' : 'disconnected';
		const status = state === 'open' && !browser.page.visible() ? 'suspended' : state;
		expect(valueOf(client.status)).toBe(status);
		expect(valueOf(client.failure)).toEqual(this.#failure);
		expect(this.#news).toMatch(/^(od)*o?D?$/);
		this.#expect(this.#news.endsWith('o') === (line !== undefined), `heard ${this.#news}`);
		this.#expect(this.#news.endsWith('D') === this.#isEnded, `heard ${this.#news}`);
		// One retry, or one wait for the handshake; without it nothing would ever happen again.
		if (state === 'disconnected' || state === 'connecting') expect(browser.time.pending).toBe(1);
		if (this.#isEnded) this.#atRest();
		if (line) this.#connected(line);
		for (const holder of [...this.#gone, ...[...this.#holders.values()].flatMap((holders) => [...holders])])
			expect(holder.heard).toEqual(holder.due);
		for (const { line, ref, due } of this.#questions) expect(line.replies.get(ref)).toBe(due ? 1 : 0);
		expect(this.#server.mistakes).toEqual([]);
	}

	#atRest(): void {
		const { browser } = this;
		expect([browser.time.pending, browser.page.listeners.size, this.#live.length, this.#asks.size]).toEqual([0, 0, 0, 0]);
		expect([...this.#server.arrived, ...this.#dropped]).toEqual(this.#queued);
	}

	#connected(line: FarEnd): void {
		for (const topic of this.#holders.keys())
			this.#expect(topic.startsWith('__') || line.asked.has(topic) || line.denied.has(topic), `${topic} was not asked for`);
		for (const topic of line.asked.keys()) this.#expect(this.#holders.has(topic), `${topic} is held by nobody`);
		if (!this.#server.isSlow) expect([...line.joined].sort()).toEqual([...line.asked.keys()].sort());
		expect(this.#server.arrived).toEqual(this.#queued);
		const { silence } = line;
		this.#expect(!this.#server.isMute || silence < LONGEST_SILENCE_MS, `stays for ${silence} ms with a server that is gone`);
	}

	/** The client has given a socket up, or its handshake. */
	#leave(socket: BrowserSocket): void {
		const line = this.#lines.get(socket);
		this.#left.add(socket);
		if (this.#isEnded) return;
		this.#failure = givenUp(line ? 'No answer' : 'No answer to the handshake');
		this.#expect(!line || line.wasMute, 'left a server that answers');
	}

	#reply(): unknown {
		const question = this.#asking!;
		if (this.#mode === 'throw') throw new Error('no');
		if (this.#mode === 'now') return 1;
		if (this.#mode === 'later') return new Promise<void>((resolve) => (question.finish = resolve));
		return new Promise(() => {});
	}

	#preflight(signal: AbortSignal | undefined): Promise<Response> {
		return new Promise((resolve, reject) => {
			const ask: Preflight = {
				answer: (status) => (status === 0 ? reject(new Error('network')) : resolve(new Response(null, { status })))
			};
			this.#asks.add(ask);
			signal?.addEventListener('abort', () => {
				this.#asks.delete(ask);
				if (!this.#isEnded) this.#failure = givenUp('No answer to the handshake');
				reject(new Error('aborted'));
			});
		});
	}

	#expect(condition: boolean, mistake: string): void {
		if (!condition) this.#server.mistakes.push(mistake);
	}
}
