import { WELCOME, type BrowserSocket } from './browser.ts';

/** The server that a client talks to, over one socket after the other. */
export interface FarServer {
	/** Milliseconds, as the client counts them. */
	readonly now: () => number;
	/** Answers neither pings nor resumes. */
	isMute: boolean;
	/** Leaves subscribes for later. */
	isSlow: boolean;
	/** Topics that nobody may have. */
	readonly denies: Set<string>;
	/** Application frames, in the order in which they came. */
	readonly arrived: number[];
	readonly mistakes: string[];
}

/** The server's end of one socket: it answers, and notes what the client must not do. */
export class FarEnd {
	readonly socket: BrowserSocket;
	/** What the client has asked for and was not denied, with the ref. */
	readonly asked = new Map<string, unknown>();
	readonly denied = new Set<string>();
	readonly joined = new Set<string>();
	/** How often each question was answered, by its ref. */
	readonly replies = new Map<number, number>();
	/** Something that was asked on it was not answered in time. */
	wasMute: boolean;
	readonly #server: FarServer;
	readonly #caps: readonly string[];
	/** What a slow server has still to handle. */
	readonly #waiting: any[] = [];
	#frames = 0;
	#spoke = 0;

	constructor(server: FarServer, socket: BrowserSocket, caps: readonly string[]) {
		this.#server = server;
		this.socket = socket;
		this.#caps = caps;
		this.wasMute = server.isMute;
	}

	/** Milliseconds since the client heard anything. */
	get silence(): number {
		return this.#server.now() - this.#spoke;
	}

	/** A server without capabilities says nothing but its session. */
	welcome(): void {
		this.say(this.#caps.length > 0 ? { ...WELCOME, caps: this.#caps } : { type: 'welcome', sessionId: 's' });
	}

	say(frame: unknown): void {
		this.#spoke = this.#server.now();
		this.socket.receive(frame);
	}

	/** Asks the page; gives the ref. */
	ask(): number {
		const ref = this.replies.size + 1;
		this.replies.set(ref, 0);
		this.say({ type: 'request', ref, event: 'q', data: null });
		return ref;
	}

	/** Takes what was sent, and handles it unless the server is slow. */
	work(): void {
		do {
			for (const frame of this.socket.read()) this.#receive(frame);
			if (!this.#server.isSlow) for (const frame of this.#waiting.splice(0)) this.#handle(frame);
		} while (this.socket.sent.length > 0);
	}

	#receive(frame: any): void {
		const isFirst = this.#frames++ === 0;
		this.#expect(isFirst === (frame.type === 'hello'), `${JSON.stringify(frame)} is frame ${this.#frames}`);
		switch (frame.type) {
			case 'subscribe':
			case 'subscribe-batch':
				for (const topic of (frame.topics ?? [frame.topic]) as string[]) {
					this.#expect(!this.asked.has(topic) && !topic.startsWith('__'), `${topic} was asked for again`);
					this.asked.set(topic, frame.ref);
					this.denied.delete(topic);
				}
				this.#waiting.push(frame);
				return;
			case 'unsubscribe': {
				// A server without capabilities may have finished a subscribe too late.
				const isWrong = !this.asked.delete(frame.topic) && this.#caps.length > 0 && frame.topic !== 'given';
				this.#expect(!isWrong, `left ${frame.topic}`);
				this.#waiting.push(frame);
				return;
			}
			case 'ping':
				this.#expect(this.#caps.includes('ping'), 'a ping to a server that does not know it');
				if (!this.#server.isMute) this.say({ type: 'pong' });
				return;
			case 'resume':
				if (!this.#server.isMute) this.say({ type: 'resumed' });
				return;
			case 'reply':
				this.#expect(this.replies.has(frame.ref), 'a reply to nothing');
				this.replies.set(frame.ref, (this.replies.get(frame.ref) ?? 0) + 1);
				return;
			case undefined:
				this.#server.arrived.push(frame.data);
		}
	}

	#handle({ type, topic, topics = [topic], ref }: any): void {
		if (type === 'unsubscribe') return void this.joined.delete(topic);
		for (const name of topics as string[]) {
			if (!this.#server.denies.has(name)) {
				this.joined.add(name);
				this.say({ type: 'subscribed', topic: name, ref });
				continue;
			}
			if (this.asked.get(name) === ref) {
				this.asked.delete(name);
				this.denied.add(name);
			}
			this.say({ type: 'subscribe-denied', topic: name, ref, reason: 'FORBIDDEN' });
		}
	}

	#expect(condition: boolean, mistake: string): void {
		if (!condition) this.#server.mistakes.push(mistake);
	}
}
