import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Encoded } from '../../contract/envelope.ts';
import { TestClock } from '../../../test/support/clock.ts';
import { memoryLog, memoryTelemetry } from '../../../test/support/log.ts';
import type { Channel, Message, RelayItem } from './channel.ts';
import { WorkerBus } from './worker-bus.ts';

const SECRET = 'sixteen letters!';
const envelope: Encoded = { topic: 'news', head: '{"topic":"news","event":"e","data":1', position: { epoch: 'x', seq: 1 } };

function worker(secret?: string) {
	const sent: Message[] = [];
	let receive: (message: Message) => void = () => {};
	const channel: Channel = {
		send: (message) => void sent.push(message),
		listen: (listener) => ((receive = listener), { [Symbol.dispose]: () => (receive = () => {}) })
	};
	const clock = new TestClock();
	const log = memoryLog();
	const telemetry = memoryTelemetry();
	const bus = new WorkerBus({ channel, secret, clock, log, telemetry });
	const heard: Encoded[] = [];
	const calls: number[] = [];
	let misses = 0;
	return {
		bus,
		sent,
		heard,
		calls,
		clock,
		log,
		telemetry,
		deliver: (message: Message) => receive(message),
		misses: () => misses,
		start: () =>
			bus.start(
				(messages) => {
					heard.push(...messages);
					calls.push(messages.length);
				},
				() => misses++
			)
	};
}

/** What a worker with this secret sends for an envelope. */
async function sealed(secret?: string): Promise<Extract<Message, { type: 'relay' }>> {
	const { bus, sent } = worker(secret);
	bus.relay([envelope]);
	await Promise.resolve();
	return sent[0] as Extract<Message, { type: 'relay' }>;
}

it('sends what is relayed in one microtask as one message, and more than a batch holds as several', async () => {
	const { bus, sent } = worker();
	for (let n = 0; n < 3; n++) bus.relay([envelope]);
	expect(sent).toEqual([]);
	await Promise.resolve();
	expect(sent).toEqual([{ type: 'relay', items: [envelope, envelope, envelope] }]);
	for (let n = 0; n < 1_025; n++) bus.relay([envelope]);
	await Promise.resolve();
	expect(sent.slice(1).map((message) => (message.type === 'relay' ? message.items.length : 0))).toEqual([1_024, 1]);
});

it.each([undefined, SECRET])('keeps together what was relayed together, of whatever size (secret %s)', async (secret) => {
	const sender = worker(secret);
	sender.bus.relay([envelope]);
	sender.bus.relay(Array.from({ length: 1_500 }, () => envelope));
	sender.bus.relay([envelope, envelope]);
	sender.bus.relay([envelope]);
	await Promise.resolve();
	const receiver = worker(secret);
	await receiver.start();
	for (const message of sender.sent) receiver.deliver(structuredClone(message));
	expect(receiver.calls).toEqual([1, 1_500, 2, 1]);
});

it('keeps the rest of what was relayed together where one of it is forged', async () => {
	const sender = worker(SECRET);
	sender.bus.relay([envelope, envelope, envelope]);
	await Promise.resolve();
	const [message] = sender.sent as [Extract<Message, { type: 'relay' }>];
	for (const forged of [0, 1, 2]) {
		const { start, deliver, calls } = worker(SECRET);
		await start();
		deliver({ type: 'relay', items: message.items.map((item, i) => (i === forged ? { ...item, topic: 'x' } : item)) });
		expect(calls).toEqual([2]);
	}
});

it('signs topic, zero byte and frame', async () => {
	const { items } = await sealed(SECRET);
	const frame = '{"topic":"news","event":"e","data":1,"seq":1,"ep":"x"}';
	expect(items[0]!.tag).toBe(createHmac('sha256', SECRET).update(`news\0${frame}`).digest('hex'));
});

it('takes what was signed with its secret', async () => {
	const receiver = worker(SECRET);
	await receiver.start();
	receiver.deliver(await sealed(SECRET));
	expect(receiver.heard).toHaveLength(1);
});

it.each([
	['another secret', async () => sealed('another secret of 16')],
	['no secret', async () => sealed()],
	['a changed topic', async () => change({ topic: 'other' })],
	['a changed text', async () => change({ head: '{"topic":"news","event":"e","data":2' })],
	['a changed position', async () => change({ position: { epoch: 'x', seq: 2 } })],
	['a tag that is no text', async () => change({ tag: 5 as unknown as string })]
])('drops what comes with %s, counts it and says so once a minute', async (_, forge) => {
	const { start, deliver, heard, telemetry, log, clock } = worker(SECRET);
	await start();
	for (let n = 0; n < 2; n++) deliver(await forge());
	expect(heard).toEqual([]);
	expect(telemetry.names()).toEqual(['relay.mac-fail', 'relay.mac-fail']);
	expect(log.lines).toHaveLength(1);
	clock.pass(60_000);
	deliver(await forge());
	expect(log.lines).toHaveLength(2);
});

async function change(part: Partial<RelayItem>): Promise<Message> {
	const { items } = await sealed(SECRET);
	return { type: 'relay', items: [{ ...items[0]!, ...part }] };
}

it('drops signed events where it has no secret, so that a mixed cluster fails closed', async () => {
	const receiver = worker();
	await receiver.start();
	receiver.deliver(await sealed(SECRET));
	expect(receiver.heard).toEqual([]);
});

it('tells that something may be missing when another worker has ended', async () => {
	const receiver = worker();
	await receiver.start();
	receiver.deliver({ type: 'pong' });
	expect(receiver.misses()).toBe(0);
	receiver.deliver({ type: 'gone' });
	expect(receiver.misses()).toBe(1);
});
