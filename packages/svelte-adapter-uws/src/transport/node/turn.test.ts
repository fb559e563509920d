import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { Turn } from './turn.ts';

/** A stream that tells what it got with each write to the system. */
function stream() {
	const writes: string[][] = [];
	const duplex = new Duplex({
		read() {},
		write: (chunk: Buffer, _encoding, done) => (writes.push([chunk.toString()]), done()),
		writev: (chunks, done) => (writes.push(chunks.map(({ chunk }) => String(chunk))), done())
	});
	return { duplex, writes };
}
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('writes what one turn says at once, in its order, whoever says it', async () => {
	const turn = new Turn(100);
	const [a, b] = [stream(), stream()];
	for (const text of ['1', '2']) {
		for (const { duplex } of [a, b]) {
			turn.join(duplex);
			duplex.write(text);
		}
	}
	a.duplex.write('3');
	expect(a.writes).toEqual([]);
	await nextTurn();
	expect([a.writes, b.writes]).toEqual([[['1', '2', '3']], [['1', '2']]]);
	turn.join(a.duplex);
	a.duplex.write('4');
	await nextTurn();
	expect(a.writes).toEqual([['1', '2', '3'], ['4']]);
});

it('does not let more wait than its limit, and leaves other corks on', async () => {
	const turn = new Turn(4);
	const { duplex, writes } = stream();
	duplex.cork();
	for (const text of ['123', '45', '6']) {
		turn.join(duplex);
		duplex.write(text);
	}
	expect(writes).toEqual([['123', '45']]);
	expect(duplex.writableCorked).toBe(1);
	duplex.uncork();
	expect(writes).toEqual([['123', '45'], ['6']]);
});

it('survives a stream that ended meanwhile', async () => {
	const turn = new Turn(4);
	const { duplex, writes } = stream();
	turn.join(duplex);
	duplex.write('1');
	duplex.destroy();
	await nextTurn();
	expect(writes).toEqual([]);
});
