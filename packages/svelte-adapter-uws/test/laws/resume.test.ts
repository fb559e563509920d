import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createClient } from '../../src/client/connect.ts';
import type { Client, Status } from '../../src/contract/client.ts';
import type { Position } from '../../src/contract/envelope.ts';
import { browserOptions, startBrowser, valueOf, type Browser, type BrowserSocket } from '../support/browser.ts';
import { startCore, type FakeClient } from '../support/core.ts';

const TOPICS = ['kept:a', 'kept:b'];
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a page saw of a topic since it holds it. */
interface Seen {
	readonly release: () => void;
	last: Position | undefined;
	/** `last` is where the topic stood when it was joined; nothing came since. */
	joined: boolean;
	/** It was told that something may be missing. */
	lost: boolean;
}

/** A real client and a real core, with a network between them that the test works. */
class World {
	readonly browser: Browser = startBrowser();
	readonly client: Client = createClient(browserOptions(this.browser));
	readonly seen = new Map<string, Seen>();
	readonly mistakes: string[] = [];
	readonly core: Awaited<ReturnType<typeof startCore>>;
	published = 0;
	#line: { readonly near: BrowserSocket; readonly far: FakeClient; readonly frames: unknown[] } | undefined;
	#closed = false;

	constructor(core: World['core']) {
		this.core = core;
		core.platform.keep((topic) => topic.startsWith('kept'));
		for (const topic of TOPICS) {
			this.client.listen(topic, (envelopes) => envelopes.forEach(({ position }) => this.#hear(topic, position!)));
			this.client.listen(`__replay:${topic}`, () => {
				const seen = this.seen.get(topic);
				if (seen) seen.lost = true;
			});
		}
	}

	get isConnected(): boolean {
		return this.#line !== undefined;
	}

	/** Somebody looks at the page, and the handshake of the attempt succeeds. */
	async comeBack(): Promise<void> {
		this.browser.page.show(true);
		const { socket } = this.browser;
		if (this.#line || this.#closed || socket.readyState !== 0) return;
		this.#line = { near: socket, far: await this.core.connect(), frames: [] };
		socket.open();
	}

	/** Carries everything that was sent to the server, and so many frames to the client; gives how many those were. */
	carry(limit = Infinity): number {
		const line = this.#line;
		if (!line) return 0;
		for (const frame of line.near.sent.splice(0)) line.far.say(frame);
		line.frames.push(...line.far.heard());
		const carried = line.frames.splice(0, limit);
		for (const frame of carried) {
			// What the client has given up says nothing to it any more.
			if (line.near.onmessage) this.#begin(frame);
			line.near.receive(frame);
		}
		if (line.far.socket.closed || line.near.closed) this.cut();
		return carried.length;
	}

	/** The connection is gone, with everything that was on its way. */
	cut(): void {
		const line = this.#line;
		if (!line) return;
		this.#line = undefined;
		line.far.leave(1006);
		line.near.end(1006);
	}

	hold(topic: string): void {
		if (this.seen.has(topic)) return;
		this.seen.set(topic, { release: this.client.subscribe(topic), last: undefined, joined: false, lost: false });
	}

	/** Nothing of the old subscription is left on its way: it would pass for the beginning of the next. */
	async letGo(topic: string): Promise<void> {
		this.seen.get(topic)?.release();
		this.seen.delete(topic);
		await settled();
		do {
			this.carry();
			await settled();
		} while (this.carry() > 0);
	}

	/** Comes back, and waits until nothing is on its way. */
	async rest(): Promise<void> {
		do {
			this.carry();
			await this.comeBack();
			await settled();
		} while (this.carry() > 0 || !this.#line);
	}

	close(): void {
		this.#closed = true;
		this.client.close();
		this.#line?.far.leave(1000);
	}

	/** What is published from the ack of a subscribe on is the client's, whether it has heard anything by then or not. */
	#begin(frame: unknown): void {
		const { type, topic, seq, ep } = frame as Record<string, any>;
		const seen = this.seen.get(topic as string);
		if (type !== 'subscribed' || !seen || seen.last || seq === undefined) return;
		seen.last = { epoch: ep as string, seq: seq as number };
		seen.joined = true;
	}

	#hear(topic: string, position: Position): void {
		const seen = this.seen.get(topic);
		if (!seen) return;
		const { last, joined, lost } = seen;
		const isNext = last?.epoch === position.epoch && position.seq === last.seq + 1;
		// Where a topic stood is the end of its numbers, also of those that begin anew.
		const isFirst = joined && last?.epoch !== position.epoch && position.seq === 1;
		const follows = !last || lost || isNext || isFirst;
		if (!follows) this.mistakes.push(`${topic}: ${JSON.stringify(position)} after ${JSON.stringify(last)}`);
		seen.last = position;
		seen.joined = seen.lost = false;
	}
}

type Step = fc.AsyncCommand<object, World>;
const step = (name: string, run: (world: World) => unknown): Step => ({
	check: () => true,
	run: async (_model, world) => {
		await run(world);
		expect(world.mistakes).toEqual([]);
		const status: Status = valueOf(world.client.status);
		expect(['open', 'suspended'].includes(status)).toBe(world.client.connected);
	},
	toString: () => name
});
const topic = fc.constantFrom(...TOPICS);
const often = <T>(value: T): T[] => [value, value, value, value];

it('a client hears every event of a kept topic once and in order, however often it is cut off, or is told that some are missing', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.commands(
				[
					...often(
						topic.map((name) => step(`publish ${name}`, (world) => world.core.platform.publish(name, 'e', world.published++)))
					),
					...often(fc.constant(step('carry all', (world) => world.carry()))),
					...often(fc.constant(step('come back', (world) => world.comeBack()))),
					fc.nat(3).map((limit) => step(`carry ${limit}`, (world) => world.carry(limit))),
					fc.constant(step('settle', settled)),
					fc.constant(step('cut', (world) => world.cut())),
					topic.map((name) => step(`hold ${name}`, (world) => world.hold(name))),
					topic.map((name) => step(`let go of ${name}`, (world) => world.letGo(name))),
					topic.map((name) =>
						// What is numbered anew before the eyes of a client needs no word: it sees the other epoch.
						step(`forget ${name}`, (world) => (world.isConnected ? undefined : world.core.platform.stores.replay.forget(name)))
					),
					fc.integer({ min: 1, max: 40_000 }).map((ms) => step(`wait ${ms} ms`, (world) => world.browser.time.pass(ms))),
					fc.boolean().map((visible) => step(visible ? 'show' : 'hide', (world) => world.browser.page.show(visible)))
				],
				{ maxCommands: 60, size: 'max' }
			),
			async (commands) => {
				const world = new World(await startCore());
				world.hold('kept:a');
				await world.comeBack();
				await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
				await world.rest();
				expect(world.mistakes).toEqual([]);
				for (const [name, { last, lost }] of world.seen) {
					const current = await world.core.platform.stores.replay.current(name);
					// Of an epoch in which nothing was published yet nobody has heard.
					if (last && !lost && current.seq > 0) expect(last).toEqual(current);
				}
				expect(world.core.platform.connections).toBe(1);
				world.close();
				expect(world.browser.time.pending).toBe(0);
				expect(TOPICS.map((name) => world.core.platform.subscribers(name))).toEqual([0, 0]);
				expect(world.core.log.lines).toEqual([]);
			}
		),
		{ numRuns: 1500 }
	);
}, 60_000);
