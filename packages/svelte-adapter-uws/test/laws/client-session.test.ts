import fc from 'fast-check';
import { it, vi } from 'vitest';
import { ClientWorld, type AnswerMode } from '../support/client-world.ts';
import { settle } from '../support/core.ts';

type Step = fc.AsyncCommand<object, ClientWorld>;
const step = (name: string, run: (world: ClientWorld) => unknown): Step => ({
	check: () => true,
	run: async (_model, world) => {
		run(world);
		await settle();
		world.check();
	},
	toString: () => name
});
const often = <T>(value: T): T[] => [value, value, value];

const topic = fc.constantFrom('a', 'b', '__tap');
const caps = fc.constantFrom<readonly string[]>(['ping', 'epoch'], ['epoch'], []);
const ends: readonly (readonly [code: number, reason: string])[] = [
	[1000, ''],
	[1001, 'retry=500'],
	[1006, ''],
	[1009, ''],
	[1011, 'open failed'],
	[1012, 'Server shutting down'],
	[1013, ''],
	[4000, ''],
	[4429, 'too slow']
];

const steps: fc.Arbitrary<Step>[] = [
	...often(caps.map((known) => step(`open ${known.join('+')}`, (world) => world.open(known)))),
	...often(fc.constantFrom(200, 204).map((status) => step(`preflight ${status}`, (world) => world.preflight(status)))),
	...often(topic.map((name) => step(`hold ${name}`, (world) => world.hold(name)))),
	...often(topic.map((name) => step(`release ${name}`, (world) => world.release(name)))),
	...often(topic.map((name) => step(`event ${name}`, (world) => world.event(name)))),
	...often(fc.integer({ min: 1, max: 40_000 }).map((ms) => step(`pass ${ms}`, (world) => world.pass(ms)))),
	fc.constantFrom(160_000, 700_000).map((ms) => step(`pass ${ms}`, (world) => world.pass(ms))),
	fc.constantFrom(...ends).map(([code, reason]) => step(`end ${code}`, (world) => world.end(code, reason))),
	fc.constantFrom(429, 500, 0).map((status) => step(`preflight ${status}`, (world) => world.preflight(status))),
	fc
		.tuple(fc.constantFrom('a', 'b'), fc.boolean())
		.map(([name, denies]) => step(`${denies ? 'deny' : 'allow'} ${name}`, (world) => world.deny(name, denies))),
	topic.map((name) =>
		step(`hold and release ${name}`, (world) => {
			world.hold(name);
			world.release(name);
		})
	),
	topic.map((name) =>
		step(`release and hold ${name}`, (world) => {
			world.release(name);
			world.hold(name);
		})
	),
	fc.tuple(topic, caps).map(([name, known]) =>
		step(`release ${name} and open`, (world) => {
			world.release(name);
			world.open(known);
		})
	),
	fc.tuple(topic, caps).map(([name, known]) =>
		step(`release ${name}, open and hold it`, (world) => {
			world.release(name);
			world.open(known);
			world.hold(name);
		})
	),
	fc.constant(step('give back', (world) => world.giveBack('given'))),
	fc.constantFrom<AnswerMode>('now', 'later', 'never', 'throw').map((mode) => step(`ask ${mode}`, (world) => world.ask(mode))),
	fc.constant(step('finish an answer', (world) => world.finishAnswer())),
	fc.constant(step('queue', (world) => world.queue())),
	fc.boolean().map((isMute) => step(isMute ? 'mute' : 'unmute', (world) => world.mute(isMute))),
	fc.boolean().map((isSlow) => step(isSlow ? 'slow' : 'fast', (world) => world.slow(isSlow))),
	fc.boolean().map((visible) => step(visible ? 'show' : 'hide', (world) => world.show(visible))),
	fc.constant(step('online', (world) => world.online()))
];

/** What ends a client for good; few of them, or no run would last. */
const last: fc.Arbitrary<Step> = fc.oneof(
	fc.constantFrom(1008, 4401, 4403).map((code) => step(`end ${code}`, (world) => world.end(code, 'no'))),
	fc.constantFrom(400, 401, 403).map((status) => step(`preflight ${status}`, (world) => world.preflight(status))),
	fc.constant(step('close', (world) => world.close()))
);

it.each([
	['without', false],
	['with', true]
])(
	'a client %s a preflight has one socket at most, holds what it is told to hold, and says what is true',
	async (_, auth) => {
		vi.stubGlobal('fetch', undefined);
		await fc.assert(
			fc.asyncProperty(
				fc.commands(steps, { maxCommands: 60, size: 'max' }),
				fc.option(last, { freq: 2 }),
				fc.commands(steps, { maxCommands: 10 }),
				async (before, end, after) => {
					const world = new ClientWorld(auth);
					const run = (commands: Iterable<Step>): Promise<void> => fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
					await settle();
					world.check();
					await run(before);
					if (end) {
						await run([end]);
						await run(after);
					}
					await run([
						step('heal', () => world.heal()),
						step('open', () => world.open(['ping', 'epoch'])),
						step('close', () => world.close()),
						step('pass', () => world.pass(400_000)),
						step('online', () => world.online()),
						step('show', () => world.show(true))
					]);
				}
			),
			{ numRuns: 250 }
		);
		vi.unstubAllGlobals();
	},
	60_000
);
