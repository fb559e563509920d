import fc from 'fast-check';
import { expect, it } from 'vitest';
import { microtasks, openClient, startClient, valueOf, WELCOME, type Browser } from '../../test/support/browser.ts';
import type { Denial } from '../contract/client.ts';

/**
 * A server as the client's socket sees it. An unordered one, as published, may finish a subscribe after a later unsubscribe.
 */
class Server {
	readonly joined = new Set<string>();
	readonly #browser: Browser;
	readonly #ordered: boolean;
	#slow: { readonly topics: readonly string[]; readonly ref: number }[] = [];

	constructor(browser: Browser, ordered: boolean) {
		this.#browser = browser;
		this.#ordered = ordered;
	}

	open(): void {
		this.joined.clear();
		this.#slow = [];
		this.#browser.socket.open();
		this.#browser.socket.receive(this.#ordered ? WELCOME : { type: 'welcome', sessionId: 's' });
	}

	/** Reads what was sent; `pick` chooses which waiting subscribe is finished, if any. */
	work(pick?: number): void {
		for (const frame of this.#browser.socket.read()) {
			if (frame.type === 'unsubscribe') this.joined.delete(frame.topic);
			if (frame.type === 'subscribe' || frame.type === 'subscribe-batch') {
				const question = { topics: frame.topics ?? [frame.topic], ref: frame.ref };
				expect(question.topics).not.toContain('__inner');
				if (this.#ordered) this.#answer(question);
				else this.#slow.push(question);
			}
		}
		if (pick !== undefined && this.#slow.length > 0) this.#answer(this.#slow.splice(pick % this.#slow.length, 1)[0]!);
	}

	get waiting(): boolean {
		return this.#slow.length > 0 || this.#browser.socket.sent.length > 0;
	}

	#answer({ topics, ref }: { readonly topics: readonly string[]; readonly ref: number }): void {
		for (const topic of topics) {
			const denied = topic === 'no';
			if (!denied) this.joined.add(topic);
			this.#browser.socket.receive({
				type: denied ? 'subscribe-denied' : 'subscribed',
				topic,
				ref,
				...(denied && { reason: 'FORBIDDEN' })
			});
		}
	}
}

type Action =
	| { readonly do: 'hold'; readonly topic: string }
	| { readonly do: 'let-go'; readonly which: number }
	| { readonly do: 'tick' | 'lose' | 'open' }
	| { readonly do: 'work'; readonly which: number };
const action: fc.Arbitrary<Action> = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({ do: fc.constant('hold' as const), topic: fc.constantFrom('a', 'b', 'c', 'no', '__inner') })
	},
	{ weight: 5, arbitrary: fc.record({ do: fc.constant('let-go' as const), which: fc.nat() }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant('work' as const), which: fc.nat() }) },
	fc.record({ do: fc.constantFrom('lose' as const, 'open' as const) })
);

it.each([
	['in order', true],
	['whenever it is ready', false]
] as const)('leaves a server that answers %s with exactly the topics that are held, whatever happened', async (_how, ordered) => {
	await fc.assert(
		fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
			const { browser, client } = startClient();
			const server = new Server(browser, ordered);
			const held: { readonly topic: string; readonly release: () => void }[] = [];
			const open = (): void => {
				if (client.connected) return;
				browser.page.show(true);
				server.open();
			};
			for (const step of actions) {
				if (step.do === 'hold') held.push({ topic: step.topic, release: client.subscribe(step.topic) });
				else if (step.do === 'let-go' && held.length > 0) {
					const [gone] = held.splice(step.which % held.length, 1);
					gone!.release();
					gone!.release();
				} else if (step.do === 'tick') await microtasks();
				else if (step.do === 'work' && client.connected) server.work(step.which);
				else if (step.do === 'open') open();
				else if (step.do === 'lose' && client.connected) browser.socket.end();
			}
			open();
			do {
				await microtasks();
				server.work(0);
			} while (server.waiting);
			const wanted = new Set(held.map(({ topic }) => topic).filter((topic) => topic !== 'no' && topic !== '__inner'));
			expect(server.joined).toEqual(wanted);
		}),
		{ numRuns: 400 }
	);
});

it('sends one frame for the topics of one microtask', async () => {
	const { browser, client } = openClient();
	for (const topic of ['a', 'b', 'a']) client.subscribe(topic);
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'subscribe-batch', topics: ['a', 'b'], ref: 1 }]);
	client.subscribe('c');
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'subscribe', topic: 'c', ref: 2 }]);
});

it('sends nothing for what cancels out, in either order', async () => {
	const { browser, client } = openClient();
	client.subscribe('a')();
	await microtasks();
	expect(browser.socket.read()).toEqual([]);
	const release = client.subscribe('a');
	await microtasks();
	browser.socket.read();
	release();
	const again = client.subscribe('a');
	await microtasks();
	expect(browser.socket.read()).toEqual([]);
	again();
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'a' }]);
});

it('subscribes everything again on a new socket, in frames that a server takes', () => {
	const topics = Array.from({ length: 850 }, (_, i) => (i < 450 ? `topic-${i}-${'é'.repeat(i % 150)}` : `t${i}`));
	const { browser, client } = startClient();
	for (const topic of topics) client.subscribe(topic);
	browser.socket.open();
	const frames = browser.socket.sent.filter((frame) => (frame as string).includes('"subscribe'));
	expect(frames.length).toBeGreaterThan(2);
	for (const frame of frames) {
		expect(new TextEncoder().encode(frame as string).length).toBeLessThanOrEqual(8000);
		expect(JSON.parse(frame as string).topics.length).toBeLessThanOrEqual(200);
	}
	expect(frames.flatMap((frame) => JSON.parse(frame as string).topics)).toEqual(topics);
});

it('reports a denial, keeps the topic, and asks again on the next socket', async () => {
	const { browser, client } = openClient();
	const denials: (Denial | null)[] = [];
	client.denials.subscribe((denial) => denials.push(denial));
	const release = client.subscribe('no');
	await microtasks();
	browser.socket.receive({ type: 'subscribe-denied', topic: 'no', ref: 1, reason: 'FORBIDDEN' });
	expect(denials).toEqual([null, { topic: 'no', reason: 'FORBIDDEN', ref: 1 }]);
	expect(browser.log.lines).toEqual([['warn', 'Subscribe denied: no, FORBIDDEN']]);
	browser.socket.end();
	browser.page.show(true);
	browser.socket.open();
	expect(browser.socket.read()).toContainEqual({ type: 'subscribe', topic: 'no', ref: 2 });
	browser.socket.receive({ type: 'subscribe-denied', topic: 'no', ref: 2, reason: 'FORBIDDEN' });
	release();
	await microtasks();
	expect(browser.socket.read()).toEqual([]);
});

it('leaves a topic that the server joined, unless somebody holds it', async () => {
	const { browser, client } = openClient();
	client.release('joined');
	client.release('__inner');
	expect(browser.socket.read()).toEqual(['joined', '__inner'].map((topic) => ({ type: 'unsubscribe', topic })));
	const keep = client.subscribe('__inner');
	client.release('__inner');
	keep();
	await microtasks();
	expect(browser.socket.read()).toEqual([]);
	const release = client.subscribe('held');
	await microtasks();
	browser.socket.read();
	client.release('held');
	expect(browser.socket.read()).toEqual([]);
	release();
	client.release('held');
	await microtasks();
	expect(browser.socket.read()).toEqual([{ type: 'unsubscribe', topic: 'held' }]);
});

it.each([undefined, null, 7, '', 'x'.repeat(257)])('refuses %j as a topic', (topic) => {
	const { client } = openClient();
	expect(() => client.subscribe(topic as string)).toThrow(TypeError);
	expect(valueOf(client.status)).toBe('open');
});

it('asks a new server for a topic that was let go and taken up again while the socket opened', async () => {
	const { browser, client } = openClient();
	const release = client.subscribe('a');
	await microtasks();
	browser.socket.end();
	browser.time.pass(10_000);
	release();
	browser.socket.open();
	client.subscribe('a');
	await microtasks();
	expect(browser.socket.read().filter(({ type }) => type === 'subscribe')).toEqual([
		{ type: 'subscribe', topic: 'a', ref: expect.any(Number) }
	]);
});
