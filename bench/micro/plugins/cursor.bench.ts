/**
 * What one move of a cursor costs, from its frame to the end of the turn, among ten people on one board: nanoseconds a move, the least
 * of several rounds, beside a publish of the same event. Run with `node bench/micro/plugins/cursor.bench.ts`.
 */
import type { MessageContext } from '../../../packages/svelte-adapter-uws/src/contract/hooks.ts';
import { createCursor } from '../../../packages/svelte-adapter-uws/src/plugins/cursor.ts';
import { createTestServer, manualClock } from '../../../packages/svelte-adapter-uws/src/testing.ts';

const ROUNDS = 10;
const OPERATIONS = 20_000;
const PER_TURN = 100;
const PEOPLE = 10;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const clock = manualClock();
const told = createCursor({ clock, throttle: 0 });
const held = createCursor({ clock, throttle: 1_000 });
const server = await createTestServer({ transport: 'memory', handler: { upgrade: () => ({ id: 'ida', name: 'Ida' }) } });
const { platform } = server;
let frames = 0;
for (let i = 0; i < PEOPLE; i++) {
	const peer = await server.connect();
	peer.onmessage = () => void frames++;
	peer.send('{"type":"hello","caps":["batch","epoch"]}');
}
const people = [...server.wsConnections];
for (const ws of people) for (const cursors of [told, held]) cursors.attach(ws, 'board', platform);
await turn();

const EVENT = { key: 'abcdefghijklmnop', user: { id: 'ida', name: 'Ida' }, data: { x: 120, y: 340 } };
const moves = Array.from({ length: 100 }, (_, n) => `{"type":"cursor","topic":"board","data":{"x":${n},"y":340}}`);
const contexts = moves.map((text) => ({ platform, text, isBinary: false }) as unknown as MessageContext);

interface Case {
	readonly name: string;
	/** Whether the others hear of each operation. */
	readonly isTold: boolean;
	readonly run: (i: number) => void;
	least: number;
}

const cases: readonly Case[] = [
	{
		name: 'publish of such an event',
		isTold: true,
		run: () => platform.publish('__cursor:board', 'update', EVENT, { seq: false }),
		least: Infinity
	},
	{
		name: 'a move that is told at once',
		isTold: true,
		run: (i) => told.hooks.message(people[i % PEOPLE]!, contexts[i]!),
		least: Infinity
	},
	{
		name: 'a move that waits for its interval',
		isTold: false,
		run: (i) => held.hooks.message(people[i % PEOPLE]!, contexts[i]!),
		least: Infinity
	}
];

// In turns, so that a busy moment of the machine hits all of them.
for (let round = 0; round < ROUNDS; round++) {
	for (const one of cases) {
		frames = 0;
		const began = performance.now();
		for (let done = 0; done < OPERATIONS; done += PER_TURN) {
			for (let i = 0; i < PER_TURN; i++) one.run(i);
			await turn();
		}
		one.least = Math.min(one.least, ((performance.now() - began) * 1e6) / OPERATIONS);
		// Everybody's very first move leaves at once.
		if (round > 0 && frames > 0 !== one.isTold) throw new Error(`${one.name}: ${frames} frames reached the others.`);
	}
}
for (const { name, least } of cases)
	console.log(`${name.padEnd(44)} ${least.toFixed(0).padStart(7)} ns ${(least / cases[0]!.least).toFixed(1).padStart(6)} times`);
told.clear();
held.clear();
await server.close();
