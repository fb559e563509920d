import { clientFrame, type BenchSocket } from './socket.ts';
import { connect, connectJoined, type Dialect } from './dialects.ts';

const NUMBER = Buffer.from('"n":');

/** Publishes `count` events of `size` bytes in one turn, again and again, to `subscribers`, who speak the dialects in turn. Gives deliveries per second. */
export async function fanOutLoad(
	port: number,
	dialects: readonly [Dialect, ...Dialect[]],
	{ subscribers, size, count }: { readonly subscribers: number; readonly size: number; readonly count: number },
	ms: number,
	measured: <T>(run: () => Promise<T>) => Promise<T>
): Promise<number> {
	let expected = 0;
	let missing = 0;
	let done = (): void => {};
	let fail = (_error: Error): void => {};
	const sockets: BenchSocket[] = [];
	for (let i = 0; i < subscribers; i++) {
		const socket = await connectJoined(port, dialects[i % dialects.length]!);
		let next = 0;
		socket.onclose = () => fail(new Error('The server closed a connection.'));
		socket.onframe = (bytes, start, end) => {
			// One frame may hold many events; each must be the next one.
			for (let at = bytes.indexOf(NUMBER, start); at >= 0 && at < end; at = bytes.indexOf(NUMBER, at + size)) {
				const n = readNumber(bytes, at + NUMBER.length);
				if (n !== next) fail(new Error(`Event ${n} came where ${next} was expected.`));
				if (++next === expected && --missing === 0) done();
			}
		};
		sockets.push(socket);
	}
	const publisher = await connect(port, dialects[0]);

	const round = (): Promise<void> =>
		new Promise((resolve, reject) => {
			[done, fail, missing] = [resolve, reject, subscribers];
			const first = expected;
			expected += count;
			publisher.send(clientFrame(dialects[0].publish(count, size, first)));
		});
	const rounds = async (): Promise<number> => {
		const began = performance.now();
		let events = 0;
		do {
			await round();
			events += count;
		} while (performance.now() - began < ms);
		return (events * subscribers * 1_000) / (performance.now() - began);
	};
	await rounds();
	const perSecond = await measured(rounds);
	for (const socket of [...sockets, publisher]) {
		socket.onclose = () => {};
		socket.destroy();
	}
	return perSecond;
}

function readNumber(bytes: Buffer, at: number): number {
	let n = 0;
	for (let digit = bytes[at]! - 48; digit >= 0 && digit <= 9; digit = bytes[++at]! - 48) n = n * 10 + digit;
	return n;
}
