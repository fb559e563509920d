import type { Bus, Encoded } from 'svelte-adapter-uws/contract';
import { expect, vi } from 'vitest';
import { defineSuite, type Subject } from './suite.ts';

/** Several nodes on one bus. */
export interface BusFixture {
	/** The bus of one more node; not started yet. */
	join(): Promise<Bus>;
}

class Node {
	readonly heard: Encoded[] = [];
	/** How many came in each call. */
	readonly calls: number[] = [];
	readonly bus: Bus;
	#started: AsyncDisposable | undefined;

	constructor(bus: Bus) {
		this.bus = bus;
	}

	async start(): Promise<this> {
		this.#started = await this.bus.start(
			(messages) => {
				this.calls.push(messages.length);
				this.heard.push(...messages);
			},
			() => {}
		);
		return this;
	}

	async stop(): Promise<void> {
		await this.#started?.[Symbol.asyncDispose]();
	}

	/** What was heard, without what a bus may carry besides. */
	get envelopes(): readonly Encoded[] {
		return this.heard.map(({ topic, head, position }) => (position ? { topic, head, position } : { topic, head }));
	}
}

const envelope = (n: number, topic = 'news'): Encoded => ({
	topic,
	head: `{"topic":"${topic}","event":"created","data":${n}`,
	position: { epoch: 'abc', seq: n }
});
const numbers = (node: Node): readonly number[] => node.heard.flatMap(({ position }) => (position ? [position.seq] : []));
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Laws of a `Bus`: once, in order, as it came, never back, and nothing after the end. */
export const busSuite: (subject: Subject<BusFixture>) => void = defineSuite('bus', (law) => {
	const nodes = ({ join }: BusFixture, count: number): Promise<Node[]> =>
		Promise.all(Array.from({ length: count }, async () => new Node(await join()).start()));
	/** Whatever is on its way has arrived when what is relayed after it, on the same way, has. */
	const arrived = async (from: Node, to: Node): Promise<void> => {
		from.bus.relay([{ topic: 'last', head: '{"topic":"last","event":"e","data":0' }]);
		await vi.waitFor(() => expect(to.heard.at(-1)?.topic).toBe('last'), { timeout: 5_000 });
		to.heard.pop();
	};

	law('brings an envelope to every other node once, and never back to the one that relayed it', async (fixture) => {
		const [a, b, c] = (await nodes(fixture, 3)) as [Node, Node, Node];
		a.bus.relay([envelope(1)]);
		await arrived(a, b);
		await arrived(a, c);
		expect([numbers(a), numbers(b), numbers(c)]).toEqual([[], [1], [1]]);
	});

	law('brings what was relayed in one call in one call, beside what was relayed before and after', async (fixture) => {
		const [a, b, c] = (await nodes(fixture, 3)) as [Node, Node, Node];
		a.bus.relay([envelope(1)]);
		a.bus.relay([envelope(2, 'one'), envelope(3, 'two'), envelope(4, 'one')]);
		a.bus.relay([envelope(5), envelope(6)]);
		a.bus.relay([envelope(7)]);
		for (const node of [b, c]) {
			await arrived(a, node);
			expect([numbers(node), node.calls.slice(0, 4)]).toEqual([upTo(7), [1, 3, 2, 1]]);
		}
	});

	law('keeps the order of one node, within a turn and across turns', async (fixture) => {
		const [a, b] = (await nodes(fixture, 2)) as [Node, Node];
		for (const n of upTo(3_000)) {
			a.bus.relay([envelope(n, `topic${n % 3}`)]);
			if (n % 700 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await arrived(a, b);
		expect(numbers(b)).toEqual(upTo(3_000));
	});

	law('keeps the order of each node when several relay at once', async (fixture) => {
		const [a, b, c] = (await nodes(fixture, 3)) as [Node, Node, Node];
		for (const n of upTo(500)) {
			a.bus.relay([envelope(n, 'from-a')]);
			b.bus.relay([envelope(n, 'from-b')]);
			if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await vi.waitFor(() => expect(c.heard).toHaveLength(1_000), { timeout: 5_000 });
		for (const topic of ['from-a', 'from-b'])
			expect(c.heard.filter((one) => one.topic === topic).map(({ position }) => position?.seq)).toEqual(upTo(500));
		await vi.waitFor(() => expect([a.heard.length, b.heard.length]).toEqual([500, 500]), { timeout: 5_000 });
	});

	law('carries text, epoch and seq as they came, and no position where there was none', async (fixture) => {
		const [a, b] = (await nodes(fixture, 2)) as [Node, Node];
		const sent: Encoded[] = [
			{
				topic: 'ünï:1',
				head: '{"topic":"ünï:1","event":"set","data":"\\ud83d 😀 \u2028"',
				position: { epoch: 'e1', seq: 9_007_199_254_740_991 }
			},
			{ topic: 'news', head: '{"topic":"news","event":"set","data":null' },
			{ topic: 'big', head: `{"topic":"big","event":"set","data":"${'x'.repeat(1_000_000)}"`, position: { epoch: 'e2', seq: 1 } }
		];
		for (const one of sent) a.bus.relay([one]);
		await arrived(a, b);
		expect(b.envelopes).toEqual(sent);
	});

	law('brings nothing to a node that has stopped, and everything to the others', async (fixture) => {
		const [a, b, c] = (await nodes(fixture, 3)) as [Node, Node, Node];
		a.bus.relay([envelope(1)]);
		await arrived(a, b);
		await arrived(a, c);
		await b.stop();
		a.bus.relay([envelope(2)]);
		await arrived(a, c);
		expect([numbers(b), numbers(c)]).toEqual([[1], [1, 2]]);
	});

	law('can be stopped twice, and relaying before the start or after the end harms nobody', async (fixture) => {
		const early = new Node(await fixture.join());
		early.bus.relay([envelope(1)]);
		const [a, b] = (await nodes(fixture, 2)) as [Node, Node];
		await early.start();
		await early.stop();
		await early.stop();
		early.bus.relay([envelope(2)]);
		a.bus.relay([envelope(3)]);
		await vi.waitFor(() => expect(numbers(b)).toContain(3), { timeout: 5_000 });
		expect(early.heard).toEqual([]);
	});

	law('takes in nodes that join while others relay', async (fixture) => {
		const [a] = (await nodes(fixture, 1)) as [Node];
		a.bus.relay([envelope(1)]);
		const late = await new Node(await fixture.join()).start();
		a.bus.relay([envelope(2)]);
		await vi.waitFor(() => expect(numbers(late)).toContain(2), { timeout: 5_000 });
		late.bus.relay([envelope(3)]);
		await vi.waitFor(() => expect(numbers(a)).toEqual([3]), { timeout: 5_000 });
	});
});
