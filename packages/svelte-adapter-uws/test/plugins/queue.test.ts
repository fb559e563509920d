import { expect, it } from 'vitest';
import { createQueue } from '../../src/plugins/queue.ts';
import { settle } from '../support/core.ts';

function work<T>(value: T) {
	const { promise, resolve, reject } = Promise.withResolvers<T>();
	return { task: () => promise, done: () => resolve(value), fail: reject };
}

it('runs the tasks of a key in order, one after the other, and keys beside each other', async () => {
	const queue = createQueue();
	const log: string[] = [];
	const [a, b] = [work(1), work(2)];
	const first = queue.push('k', () => (log.push('a'), a.task()));
	const second = queue.push('k', () => (log.push('b'), b.task()));
	expect(await queue.push('other', () => 3)).toBe(3);
	expect([log, queue.size('k'), queue.size('other'), queue.size()]).toEqual([['a'], 2, 0, 2]);
	a.done();
	expect(await first).toBe(1);
	await settle();
	expect(log).toEqual(['a', 'b']);
	b.done();
	expect([await second, queue.size()]).toEqual([2, 0]);
});

it('runs a few at a time, and goes on after one that fails', async () => {
	const queue = createQueue({ concurrency: 2 });
	const jobs = [work(0), work(1), work(2)];
	let running = 0;
	const results = jobs.map(({ task }) => queue.push('k', () => (running++, task())));
	expect(running).toBe(2);
	jobs[0]!.fail(new Error('mine'));
	await expect(results[0]).rejects.toThrow('mine');
	await settle();
	expect(running).toBe(3);
	for (const { done } of jobs) done();
	expect(await Promise.all(results.slice(1))).toEqual([1, 2]);
	await expect(
		queue.push('k', () => {
			throw new Error('at once');
		})
	).rejects.toThrow('at once');
});

it('drops what finds it full', async () => {
	const dropped: unknown[] = [];
	const queue = createQueue({ maxSize: 1, onDrop: (one) => dropped.push(one) });
	const first = work(1);
	const all = [queue.push('k', first.task), queue.push('k', () => 2)];
	const task = () => 3;
	await expect(queue.push('k', task)).rejects.toThrow('maxSize exceeded');
	expect(dropped).toEqual([{ key: 'k', task }]);
	first.done();
	expect(await Promise.all(all)).toEqual([1, 2]);
});

it('clears what waits and drains what runs', async () => {
	const queue = createQueue();
	const first = work(1);
	const running = queue.push('k', first.task);
	const waiting = queue.push('k', () => 2);
	const other = queue.push('l', first.task);
	const drained: string[] = [];
	const drains = [queue.drain('k').then(() => drained.push('k')), queue.drain().then(() => drained.push('*'))];
	queue.clear('k');
	await expect(waiting).rejects.toThrow('queue cleared');
	await queue.drain('nothing');
	expect([drained, queue.size()]).toEqual([[], 2]);
	first.done();
	await Promise.all([running, other, ...drains]);
	expect(drained.sort()).toEqual(['*', 'k']);
	const again = [queue.push('a', () => 1), queue.push('a', () => 2)];
	queue.clear();
	await expect(again[1]).rejects.toThrow('queue cleared');
	expect(await again[0]).toBe(1);
});

it('refuses bad keys, tasks and options', async () => {
	const queue = createQueue({ maxSize: Infinity, maxKeyLength: 3 });
	for (const key of ['', 'long', 5 as never]) await expect(queue.push(key, () => 1)).rejects.toThrow('push: key: got ');
	await expect(queue.push('k', 5 as never)).rejects.toThrow('push: task: got number');
	for (const options of [{ concurrency: 0 }, { maxSize: 0 }, { maxSize: 1.5 }, { maxKeyLength: 0 }, { onDrop: 5 as never }])
		expect(() => createQueue(options)).toThrow(/^createQueue: \w+: got /);
});
