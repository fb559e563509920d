import { expect, it } from 'vitest';
import { FakeEngine, unexpected } from '../../test/support/socket.ts';
import type { Encoded } from '../contract/envelope.ts';
import { encodeData, encodePrefix } from '../protocol/envelope-codec.ts';
import { Audience, type Member, type Variant } from './audience.ts';
import { FanOut } from './fan-out.ts';

function rig() {
	const engine = new FakeEngine();
	const members: Member[] = [];
	const audience = new Audience(members, () => 'drop', unexpected);
	const add = (variant: Variant, ...topics: string[]) => {
		const socket = engine.socket();
		const member: Member = {
			socket,
			variant,
			topics: new Set(topics),
			isSlow: false,
			offer: (_, frame) => void socket.send(frame),
			replace: (_topic, _key, frame) => void socket.send(frame)
		};
		members.push(member);
		for (const topic of topics) socket.subscribe(audience.join(topic, member).engineTopic(variant));
		return socket;
	};
	return { engine, add, fanOut: new FanOut(audience, (topic, frame) => engine.publish(topic, frame)) };
}
const encoded = (topic: string, data: unknown, seq?: number): Encoded => {
	const head = encodePrefix(topic, 'e') + encodeData(data);
	return seq === undefined ? { topic, head } : { topic, head, position: { epoch: 'E', seq } };
};

it('gives each form its own frames: single or batch, with or without epoch', () => {
	const { add, fanOut } = rig();
	const sockets = ([0, 1, 2, 3] as const).map((variant) => add(variant, 't'));
	fanOut.run([encoded('t', 1, 1), encoded('t', 2, 2)]);
	const plain = ['{"topic":"t","event":"e","data":1,"seq":1}', '{"topic":"t","event":"e","data":2,"seq":2}'];
	const positioned = plain.map((frame) => frame.replace(/}$/, ',"ep":"E"}'));
	expect(sockets.map(({ texts }) => texts)).toEqual([
		plain,
		[`{"type":"batch","events":[${plain.join(',')}]}`],
		positioned,
		[`{"type":"batch","events":[${positioned.join(',')}]}`]
	]);
});

it('publishes nothing for forms that nobody takes', () => {
	const { add, engine, fanOut } = rig();
	add(1, 't');
	fanOut.run([encoded('t', 1), encoded('t', 2)]);
	fanOut.run([encoded('nobody', 1)]);
	expect(engine.published).toHaveLength(1);
});

it('sends a run of one as a plain envelope', () => {
	const { add, fanOut } = rig();
	const socket = add(1, 't');
	fanOut.run([encoded('t', 1)]);
	expect(socket.texts).toEqual(['{"topic":"t","event":"e","data":1}']);
});

it('cuts batches at 256 KB, and loses and doubles nothing', () => {
	const { add, fanOut } = rig();
	const socket = add(1, 't');
	const sizes = [100_000, 100_000, 100_000, 300_000, 10, 10, 261_000, 262_000];
	fanOut.run(sizes.map((size, i) => encoded('t', 'x'.repeat(size), i + 1)));
	const frames = socket.texts.map((text) => JSON.parse(text) as { seq?: number; events?: { seq: number }[] });
	expect(frames.map(({ seq, events }) => seq ?? events!.map((one) => one.seq))).toEqual([[1, 2], 3, 4, [5, 6, 7], 8]);
	for (const text of socket.texts) expect(text.length).toBeLessThan(310_000);
});

it('gives everybody exactly its own part of what was published together', () => {
	const { add, fanOut } = rig();
	const both = add(1, 'a', 'b');
	const alsoBoth = add(1, 'b', 'a', 'c');
	const onlyB = add(1, 'b');
	const single = add(0, 'a', 'b');
	const nobody = add(1, 'x');
	fanOut.together([encoded('a', 1), encoded('b', 2), encoded('a', 3)]);
	const [a1, b2, a3] = [
		'{"topic":"a","event":"e","data":1}',
		'{"topic":"b","event":"e","data":2}',
		'{"topic":"a","event":"e","data":3}'
	];
	expect(both.texts).toEqual([`{"type":"batch","events":[${a1},${b2},${a3}]}`]);
	expect(alsoBoth.texts).toEqual(both.texts);
	expect(onlyB.texts).toEqual([b2]);
	expect(single.texts).toEqual([a1, b2, a3]);
	expect(nobody.texts).toEqual([]);
});

it('leaves what was published together to the engine where a topic has the same members', () => {
	const { add, engine, fanOut } = rig();
	for (let i = 0; i < 3; i++) add(1, 'a', 'b');
	fanOut.together([encoded('a', 1), encoded('b', 2)]);
	expect(engine.published).toHaveLength(1);
});
