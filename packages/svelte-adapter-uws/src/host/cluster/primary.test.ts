import { describe, expect, it } from 'vitest';
import { memoryLog } from '../../../test/support/log.ts';
import { manualClock } from '../clock.ts';
import { memoryStores } from '../../service/memory-stores.ts';
import { createRandomId } from '../random-id.ts';
import type { Message } from './channel.ts';
import { Primary } from './primary.ts';
import { SLOT_TIMES } from './slot.ts';

/** A worker that does what the test says. */
class FakeWorker {
	readonly pid = 1;
	readonly node: string;
	readonly id: number;
	readonly heard: Message[] = [];
	answers = true;
	#receivers: ((message: Message) => void)[] = [];
	#ended: (how: string) => void = () => {};
	killed = false;

	constructor(id: number) {
		this.id = id;
		this.node = `node ${id}`;
	}

	readonly channel = {
		send: (message: Message): void => {
			this.heard.push(message);
			if (message.type === 'ping' && this.answers) this.say({ type: 'pong' });
		},
		listen: (receive: (message: Message) => void): Disposable => {
			this.#receivers.push(receive);
			return { [Symbol.dispose]: () => void (this.#receivers = this.#receivers.filter((one) => one !== receive)) };
		}
	};

	say(message: Message): void {
		for (const receive of this.#receivers) receive(message);
	}

	ready(): void {
		this.say({ type: 'ready', port: 1 });
	}

	onExit(ended: (how: string) => void): void {
		this.#ended = ended;
	}

	end(how = 'exit code 1'): void {
		this.#ended(how);
	}

	hand(): void {}

	kill(): void {
		this.killed = true;
		this.end('SIGKILL');
	}

	get listeners(): number {
		return this.#receivers.length;
	}
}

function cluster(workers: number) {
	const spawned: FakeWorker[] = [];
	const clock = manualClock();
	const log = memoryLog();
	let gaveUp = 0;
	const stores = memoryStores('primary', clock, createRandomId());
	const primary = new Primary({
		workers,
		spawn: (id) => {
			const worker = new FakeWorker(id);
			spawned.push(worker);
			return worker;
		},
		stores,
		clock,
		log,
		gaveUp: () => void gaveUp++
	});
	return {
		primary,
		spawned,
		stores,
		clock,
		log,
		gaveUp: () => gaveUp,
		of: (id: number) => spawned.filter((worker) => worker.id === id)
	};
}

describe('starting', () => {
	it('is done when every worker is ready', async () => {
		const { primary, spawned } = cluster(2);
		let done = false;
		const started = primary.start().then(() => (done = true));
		spawned[0]!.ready();
		await Promise.resolve();
		expect(done).toBe(false);
		spawned[1]!.ready();
		await started;
	});

	it('does not wait for a worker that fails while another serves', async () => {
		const { primary, spawned } = cluster(2);
		const started = primary.start();
		spawned[1]!.end();
		spawned[0]!.ready();
		await started;
	});

	it('fails with the reason of the first worker that refuses', async () => {
		const { primary, spawned } = cluster(2);
		const started = primary.start();
		spawned[0]!.say({ type: 'refused', reason: 'ORIGIN is missing.' });
		await expect(started).rejects.toThrow('ORIGIN is missing.');
	});
});

describe('restarts', () => {
	it('are told to the other workers, who may have missed what the one had to say', () => {
		const { primary, of } = cluster(2);
		void primary.start();
		of(1)[0]!.end();
		expect(of(2)[0]!.heard).toEqual([{ type: 'gone' }]);
	});

	it('wait 100 ms, then twice as long each time, up to five seconds', () => {
		const { primary, spawned, clock, log } = cluster(1);
		void primary.start();
		const delays: number[] = [];
		for (let n = 1; n <= 9; n++) {
			spawned.at(-1)!.end();
			let waited = 0;
			while (spawned.length === n) {
				clock.advance(100);
				waited += 100;
			}
			delays.push(waited);
		}
		expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
		expect(log.lines[0]![1]).toContain('attempt 1 of 50');
	});

	it('give up after fifty that did not stay up, however often they were ready', () => {
		const { primary, spawned, clock, gaveUp } = cluster(1);
		void primary.start();
		for (let n = 0; n <= SLOT_TIMES.attempts; n++) {
			expect(gaveUp()).toBe(0);
			spawned.at(-1)!.ready();
			spawned.at(-1)!.end();
			clock.advance(SLOT_TIMES.longestDelayMs);
		}
		expect([gaveUp(), spawned.length]).toEqual([1, SLOT_TIMES.attempts + 1]);
	});

	it('count anew once a worker was ready for half a minute', () => {
		const { primary, spawned, clock } = cluster(1);
		void primary.start();
		for (let n = 0; n < 5; n++) {
			spawned.at(-1)!.end();
			clock.advance(5_000);
		}
		spawned.at(-1)!.ready();
		clock.advance(SLOT_TIMES.stableMs);
		const before = spawned.length;
		spawned.at(-1)!.end();
		clock.advance(SLOT_TIMES.firstDelayMs);
		expect(spawned.length).toBe(before + 1);
	});

	it('bring back workers that end together, each by itself', () => {
		const { primary, spawned, clock, of } = cluster(2);
		void primary.start();
		for (const worker of [...spawned]) worker.ready();
		for (const worker of [...spawned]) worker.end();
		clock.advance(SLOT_TIMES.firstDelayMs);
		of(1).at(-1)!.ready();
		of(1).at(-1)!.end();
		of(2).at(-1)!.ready();
		clock.advance(SLOT_TIMES.firstDelayMs * 2);
		expect([of(1).length, of(2).length]).toEqual([3, 2]);
	});

	it('remove from presence, registry and leases what the worker that ended held, and leave what others hold', async () => {
		const { primary, spawned, stores } = cluster(2);
		void primary.start();
		for (const node of ['node 1', 'node 2']) {
			await stores.presence.join('t', { key: node, connection: node, node, data: null }, 60_000);
			await stores.registry.open('ann', { node, connection: node }, 60_000);
			await stores.lease.hold(`lease of ${node}`, node, 60_000);
		}
		spawned[0]!.end();
		expect((await stores.presence.list('t')).map(({ key }) => key)).toEqual(['node 2']);
		expect(await stores.registry.find('ann')).toEqual([{ node: 'node 2', connection: 'node 2' }]);
		expect(await stores.lease.current('lease of node 1')).toBeUndefined();
		expect((await stores.lease.current('lease of node 2'))?.holder).toBe('node 2');
	});

	it('leave nothing of the worker that ended', () => {
		const { primary, spawned, clock } = cluster(1);
		void primary.start();
		spawned[0]!.end();
		expect([spawned[0]!.listeners, clock.pending]).toEqual([0, 1]);
	});
});

describe('health', () => {
	it('ends a worker that does not answer for more than half a minute, and starts another', () => {
		const { primary, spawned, clock } = cluster(2);
		void primary.start();
		for (const worker of [...spawned]) worker.ready();
		clock.advance(20_000);
		spawned[0]!.answers = false;
		clock.advance(30_000);
		expect(spawned.map(({ killed }) => killed)).toEqual([false, false]);
		clock.advance(20_000);
		expect(spawned.map(({ killed }) => killed)).toEqual([true, false, false]);
	});

	it('ends a worker that is not ready after a minute', () => {
		const { primary, spawned, clock } = cluster(1);
		void primary.start();
		clock.advance(59_000);
		expect(spawned[0]!.killed).toBe(false);
		clock.advance(1_000);
		expect(spawned[0]!.killed).toBe(true);
	});
});

describe('the end', () => {
	it('is announced, then asked for, and over when the last worker has ended', async () => {
		const { primary, spawned, clock } = cluster(2);
		void primary.start();
		primary.announce();
		const drained = primary.drain(30_000);
		for (const worker of spawned) expect(worker.heard).toEqual([{ type: 'announce' }, { type: 'shutdown' }]);
		for (const worker of spawned) worker.end('exit code 0');
		await drained;
		clock.advance(60_000);
		expect([spawned.length, clock.pending]).toEqual([2, 0]);
	});

	it('ends stragglers once the time is over', async () => {
		const { primary, spawned, clock } = cluster(2);
		void primary.start();
		for (const worker of spawned) worker.ready();
		primary.announce();
		const drained = primary.drain(5_000);
		spawned[0]!.end('exit code 0');
		clock.advance(7_000);
		await drained;
		expect(spawned.map(({ killed }) => killed)).toEqual([false, true]);
	});

	it('does not wait where nobody lives, and starts nobody who was waiting', async () => {
		const { primary, spawned, clock } = cluster(1);
		void primary.start();
		spawned[0]!.end();
		primary.announce();
		await primary.drain(5_000);
		clock.advance(60_000);
		expect(spawned).toHaveLength(1);
	});
});
