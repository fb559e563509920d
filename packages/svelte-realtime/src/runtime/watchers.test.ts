import { memoryBus, createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { Watchers } from './watchers.ts';

async function watchers() {
	const bus = memoryBus();
	const here = await createTestServer({ transport: 'memory', bus: bus.join() });
	const there = await createTestServer({ transport: 'memory', bus: bus.join() });
	const errors: [string, unknown][] = [];
	return {
		watchers: new Watchers({
			platform: here.platform,
			follows: { enter() {}, leave() {} },
			onError: (path, error) => void errors.push([path, error])
		}),
		here: here.platform,
		there: there.platform,
		errors,
		async [Symbol.asyncDispose]() {
			await here.close();
			await there.close();
		}
	};
}

it('hears publishes of this node and of others, by name and by pattern, in their order', async () => {
	await using w = await watchers();
	const heard: string[] = [];
	w.watchers.add('m/a', ['orders', 'imports:*', 'orders'], ({ topic, event, data }, origin) => {
		heard.push(`${topic} ${event} ${data as number} ${origin}`);
	});
	w.here.publish('orders', 'created', 1);
	w.there.publish('imports:7', 'done', 2);
	w.there.publish('imports:', 'done', 3);
	w.here.publish('other', 'created', 4);
	expect(heard).toEqual(['orders created 1 local', 'imports:7 done 2 remote']);
});

it('takes every other character of a pattern for itself', async () => {
	await using w = await watchers();
	const heard: string[] = [];
	w.watchers.add('m/a', ['a.b*(c)'], ({ topic }) => void heard.push(topic));
	for (const topic of ['a.bx(c)', 'axbx(c)', 'a.b(c)', 'a.b((c)', 'xa.bx(c)']) w.here.publish(topic, 'e');
	expect(heard).toEqual(['a.bx(c)', 'a.b((c)']);
});

it('hears a topic once that is named in full and by pattern', async () => {
	await using w = await watchers();
	let heard = 0;
	w.watchers.add('m/a', ['orders', 'ord*', '*rs'], () => heard++);
	w.here.publish('orders', 'e');
	expect(heard).toBe(1);
});

it('reports what a watcher throws or rejects with for its path, and tells the others all the same', async () => {
	await using w = await watchers();
	const heard: string[] = [];
	w.watchers.add('m/throws', ['t'], () => {
		throw new Error('one');
	});
	w.watchers.add('m/rejects', ['t'], () => Promise.reject(new Error('two')));
	w.watchers.add('m/fine', ['t'], () => void heard.push('fine'));
	w.here.publish('t', 'e');
	await vi.waitFor(() => expect(w.errors).toHaveLength(2));
	expect(w.errors).toEqual([
		['m/throws', new Error('one')],
		['m/rejects', new Error('two')]
	]);
	expect(heard).toEqual(['fine']);
});

it('stops with its disposal, also in the middle of a publish, and taps nothing when nobody watches', async () => {
	await using w = await watchers();
	const tap = vi.spyOn(w.here, 'tap');
	const heard: string[] = [];
	const first = w.watchers.add('m/a', ['t'], () => {
		second[Symbol.dispose]();
		heard.push('first');
	});
	const second = w.watchers.add('m/b', ['t', 't*'], () => void heard.push('second'));
	w.here.publish('t', 'e');
	first[Symbol.dispose]();
	first[Symbol.dispose]();
	w.here.publish('t', 'e');
	expect(heard).toEqual(['first']);
	w.watchers.add('m/c', ['t'], () => void heard.push('third'));
	w.here.publish('t', 'e');
	expect(heard).toEqual(['first', 'third']);
	expect(tap).toHaveBeenCalledTimes(2);
	w.watchers[Symbol.dispose]();
	w.here.publish('t', 'e');
	expect(heard).toEqual(['first', 'third']);
});
