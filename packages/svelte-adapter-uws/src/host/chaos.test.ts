import { expect, it, vi } from 'vitest';
import { createChaosState, type ChaosConfig, type LastingChaos } from './chaos.ts';
import { manualClock } from './clock.ts';
import { createTestServer, type TestServer } from './testing.ts';

/** A number that comes again and again. */
const always = (value: number) => ({ random: () => value });

it('has no effect until it is told to', () => {
	const state = createChaosState(always(0));
	expect([state.scenario, state.dropRate, state.delayMs, state.maxJitterMs, state.duplicateRate]).toEqual([null, 0, 0, 0, 0]);
	expect([state.shouldDropOutbound(), state.shouldDuplicateOutbound(), state.getDelayMs()]).toEqual([false, false, 0]);
});

it('decides by the rates of its scenario, one at a time', () => {
	const state = createChaosState(always(0.5));
	state.set({ scenario: 'drop-outbound', dropRate: 0.6 });
	expect([state.scenario, state.dropRate, state.shouldDropOutbound()]).toEqual(['drop-outbound', 0.6, true]);
	state.set({ scenario: 'drop-outbound', dropRate: 0.5 });
	expect(state.shouldDropOutbound()).toBe(false);
	state.set({ scenario: 'slow-drain', delayMs: 40 });
	expect([state.dropRate, state.delayMs, state.getDelayMs()]).toEqual([0, 40, 40]);
	state.set({ scenario: 'ipc-reorder', maxJitterMs: 100 });
	expect([state.delayMs, state.maxJitterMs, state.getDelayMs()]).toEqual([0, 100, 50]);
	state.set({ scenario: 'duplicate-outbound', duplicateRate: 1 });
	expect([state.getDelayMs(), state.shouldDuplicateOutbound()]).toEqual([0, true]);
	state.reset();
	expect([state.scenario, state.shouldDuplicateOutbound()]).toEqual([null, false]);
});

it.each([
	[{ scenario: 'drop-outbound', dropRate: 1.1 }, 'dropRate 1.1, expected 0 to 1'],
	[{ scenario: 'drop-outbound' }, 'dropRate undefined, expected 0 to 1'],
	[{ scenario: 'slow-drain', delayMs: -1 }, 'delayMs -1, expected 0 or more'],
	[{ scenario: 'slow-drain', delayMs: Infinity }, 'delayMs Infinity, expected 0 or more'],
	[{ scenario: 'ipc-reorder', maxJitterMs: 60_001 }, 'maxJitterMs 60001, expected 0 to 60000'],
	[{ scenario: 'duplicate-outbound', duplicateRate: NaN }, 'duplicateRate NaN, expected 0 to 1'],
	[{ scenario: 'nope' }, 'expected one of drop-outbound, slow-drain, ipc-reorder, duplicate-outbound, worker-flap']
])('refuses %j, and changes nothing', async (config, message) => {
	const state = createChaosState(always(0));
	state.set({ scenario: 'slow-drain', delayMs: 7 });
	expect(() => state.set(config as LastingChaos)).toThrow(message);
	expect(state.getDelayMs()).toBe(7);
	await using server = await createTestServer({ transport: 'memory' });
	expect(() => server.platform.__chaos(config as ChaosConfig)).toThrow(message);
});

/** A client in memory that holds a topic; what it heard, as data or type. */
async function client(server: TestServer) {
	const peer = await server.connect();
	const heard: unknown[] = [];
	const ends: number[] = [];
	peer.onmessage = (frame) => {
		const { type, data } = JSON.parse(String(frame));
		heard.push(type ?? data);
	};
	peer.onclose = (code) => ends.push(code);
	peer.send('{"type":"subscribe","topic":"t","ref":1}');
	await vi.waitFor(() => expect(heard).toEqual(['welcome', 'subscribed']));
	heard.length = 0;
	return { peer, heard, ends };
}
const settle = async (): Promise<void> => {
	for (let i = 0; i < 5; i++) await new Promise((resolve) => void setImmediate(resolve));
};

it('drops frames of every kind, and says so to who sends', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	const opened = server.waitForConnection();
	const { peer, heard } = await client(server);
	server.platform.__chaos({ scenario: 'drop-outbound', dropRate: 1 });
	server.platform.publish('t', 'e', 1);
	await settle();
	expect(server.platform.send(await opened, 't', 'e', 2)).toBe(2);
	peer.send('{"type":"ping"}');
	await expect(server.platform.request(await opened, 'ask')).rejects.toMatchObject({ code: 'NOT_DELIVERED' });
	await settle();
	expect(heard).toEqual([]);
	server.platform.__chaos(null);
	server.platform.publish('t', 'e', 3);
	await settle();
	expect(heard).toEqual([3]);
});

it('delays frames in their order, also those that come when it is over', async () => {
	const clock = manualClock();
	await using server = await createTestServer({ transport: 'memory', clock });
	const opened = server.waitForConnection();
	const { heard } = await client(server);
	server.platform.__chaos({ scenario: 'slow-drain', delayMs: 100 });
	server.platform.publish('t', 'e', 1);
	await settle();
	server.platform.send(await opened, 't', 'e', 2);
	clock.advance(50);
	server.platform.__chaos(null);
	server.platform.publish('t', 'e', 3);
	await settle();
	expect(heard).toEqual([]);
	clock.advance(49);
	await settle();
	expect(heard).not.toContain(3);
	clock.advance(1);
	await settle();
	expect(heard).toEqual([1, 2, 3]);
	server.platform.publish('t', 'e', 4);
	await settle();
	expect(heard).toEqual([1, 2, 3, 4]);
});

it('lets frames overtake each other, and sends them twice', async () => {
	const clock = manualClock();
	const numbers = [0.9, 0.1];
	await using server = await createTestServer({ transport: 'memory', clock, random: () => numbers.shift() ?? 0 });
	const { heard } = await client(server);
	server.platform.__chaos({ scenario: 'ipc-reorder', maxJitterMs: 100 });
	server.platform.publish('t', 'e', 1);
	await settle();
	server.platform.publish('t', 'e', 2);
	await settle();
	clock.advance(100);
	await settle();
	expect(heard).toEqual([2, 1]);
	server.platform.__chaos({ scenario: 'duplicate-outbound', duplicateRate: 1 });
	server.platform.publish('t', 'e', 3);
	await settle();
	expect(heard).toEqual([2, 1, 3, 3]);
});

it('closes everybody once, and leaves what is in force as it is', async () => {
	await using server = await createTestServer({ transport: 'memory' });
	const [one, two] = [await client(server), await client(server)];
	server.platform.__chaos({ scenario: 'slow-drain', delayMs: 5_000 });
	server.platform.__chaos({ scenario: 'worker-flap' });
	await settle();
	expect([one.ends, two.ends]).toEqual([[1012], [1012]]);
	expect(server.wsConnections.size).toBe(0);
	server.platform.__chaos(null);
	const three = await client(server);
	server.platform.__chaos({ scenario: 'worker-flap', code: 4000, reason: 'again' });
	await settle();
	expect(three.ends).toEqual([4000]);
});
