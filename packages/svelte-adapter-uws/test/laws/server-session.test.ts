import fc from 'fast-check';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ServerWorld } from '../support/server-world.ts';
import type { Verdict } from '../support/session-model.ts';

type Step = fc.AsyncCommand<object, ServerWorld>;
const step = (name: string, run: (world: ServerWorld) => unknown): Step => ({
	check: () => true,
	run: async (_model, world) => {
		await run(world);
		await world.check();
	},
	toString: () => name
});
const often = <T>(value: T): T[] => [value, value, value, value];

const who = fc.nat(5);
const topic = fc.constantFrom('a', 'b', 'gated', 'slow');
const topics = fc.subarray(['__x', 'a', 'no', 'gated', 'slow', 'throw', 'b'], { minLength: 1 });
const caps = fc.subarray(['batch', 'epoch', 'later']);
// Of what can happen by itself no two things happen at once: what is asked, said or told comes at multiples of 4.
const time = fc.integer({ min: 1, max: 10_000 }).map((ms) => ms * 4);
const questionTime = time.map((ms) => ms + 1);
const termTime = time.map((ms) => ms + 2);

const steps: fc.Arbitrary<Step>[] = [
	...often(
		fc
			.tuple(
				fc.constantFrom('ann', 'bob'),
				fc.option(fc.constantFrom('s1', 's2'), { nil: undefined }),
				fc.option(termTime, { freq: 2, nil: undefined })
			)
			.map(([user, session, ms]) =>
				step(`connect ${user} ${session ?? ''} ${ms ?? ''}`, (world) => world.connect(user, session, ms))
			)
	),
	...often(fc.tuple(who, topics).map(([n, names]) => step(`${n} subscribes ${names}`, (world) => world.subscribe(n, names)))),
	...often(topic.map((name) => step(`publish ${name}`, (world) => world.publish(name)))),
	...often(
		fc
			.tuple(who, fc.constantFrom<Verdict>('yes', 'yes', 'no', 'reject'))
			.map(([n, verdict]) => step(`${verdict} to ${n}`, (world) => world.decide(n, verdict)))
	),
	fc
		.tuple(who, topic)
		.map(([n, name]) => step(`${n} unsubscribes ${name}`, (world) => world.say(n, { type: 'unsubscribe', topic: name }))),
	fc
		.subarray(['a', 'b', 'gated', 'slow'], { minLength: 2 })
		.map((names) => step(`publish together ${names}`, (world) => world.publishTogether(names))),
	fc.tuple(who, topic).map(([n, name]) =>
		step(`${n} comes and goes on ${name} in one turn`, (world) => {
			world.publish(name);
			world.subscribe(n, [name]);
			world.publish(name);
			world.message(n);
			world.say(n, { type: 'unsubscribe', topic: name });
			world.publish(name);
		})
	),
	fc.tuple(who, caps).map(([n, known]) => step(`${n} hello ${known}`, (world) => world.say(n, { type: 'hello', caps: known }))),
	fc.tuple(who, caps).map(([n, known]) =>
		step(`${n} hello ${known} after a publish`, (world) => {
			world.publish('a');
			world.say(n, { type: 'hello', caps: known });
		})
	),
	who.map((n) => step(`${n} says something`, (world) => world.message(n))),
	who.map((n) => step(`${n} pings`, (world) => world.say(n, { type: 'ping' }))),
	fc.tuple(who, topic).map(([n, name]) => step(`put ${n} out of ${name}`, (world) => world.putOut(n, name))),
	fc.boolean().map((isOpen) => step(isOpen ? 'open the gate' : 'close the gate', (world) => void (world.gateOpen = isOpen))),
	...often(fc.tuple(who, questionTime).map(([n, ms]) => step(`ask ${n} for ${ms}`, (world) => world.ask(n, ms)))),
	...often(
		fc
			.tuple(who, fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }), fc.boolean())
			.map(([n, ref, refuses]) => step(`${n} replies ${ref ?? ''}`, (world) => world.reply(n, ref, refuses)))
	),
	who.map((n) => step(`${n} leaves`, (world) => world.leave(n))),
	who.map((n) =>
		step(`close ${n} after a publish`, (world) => {
			world.publish('a');
			world.close(n);
		})
	),
	fc.constantFrom({ user: 'ann' }, { user: 'bob' }, { session: 's1' }, { user: 'ann', session: 's2' }).map((match) =>
		step(`revoke ${JSON.stringify(match)}`, (world) => {
			world.publish('a');
			return world.revoke(match);
		})
	),
	fc
		.tuple(who, fc.oneof(termTime, fc.constant(-2)))
		.map(([n, ms]) => step(`renew ${n} for ${ms}`, (world) => world.renew(n, ms))),
	...often(time.map((ms) => step(`pass ${ms}`, (world) => world.pass(ms))))
];

it('a session answers, delivers and ends as the simplest model of it, whatever its clients, its app and time do', async () => {
	let world!: ServerWorld;
	const now = vi.spyOn(Date, 'now').mockImplementation(() => world?.now() ?? 0);
	onTestFinished(() => now.mockRestore());
	await fc.assert(
		fc.asyncProperty(fc.commands(steps, { maxCommands: 60, size: 'max' }), async (commands) => {
			world = await ServerWorld.start();
			await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
			await world.end();
			expect(world.sessions.size).toBe(0);
		}),
		{ numRuns: 200 }
	);
}, 60_000);
