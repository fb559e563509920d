import { writable } from 'svelte/store';
import { expect, it } from 'vitest';
import { microtasks } from '../../../test/support/browser.ts';
import { emit, sent, usePage, watch } from '../../../test/support/page.ts';
import { onDerived } from './derived.ts';

usePage();

it('follows the topic of the value: the old one is released first, and its last event is gone', async () => {
	const id = writable<number | null>(1);
	const { seen, stop } = watch(onDerived((value) => `order:${value}`, id));
	expect(await sent()).toEqual([{ type: 'subscribe', topic: 'order:1', ref: 1 }]);
	emit('order:1', 'x', 'a');
	id.set(2);
	emit('order:1', 'x', 'late');
	expect(await sent()).toEqual([
		{ type: 'unsubscribe', topic: 'order:1' },
		{ type: 'subscribe', topic: 'order:2', ref: 2 }
	]);
	emit('order:2', 'x', 'b');
	id.set(null);
	expect(await sent()).toEqual([{ type: 'unsubscribe', topic: 'order:2' }]);
	expect(seen).toEqual([
		null,
		{ topic: 'order:1', event: 'x', data: 'a' },
		null,
		{ topic: 'order:2', event: 'x', data: 'b' },
		null
	]);
	stop();
});

it('keeps its event when another value has the same topic', async () => {
	const user = writable({ room: 'r', name: 'a' });
	const { seen, stop } = watch(onDerived(({ room }) => room, user));
	emit('r', 'x', 1);
	user.set({ room: 'r', name: 'b' });
	expect(seen).toHaveLength(2);
	expect(await sent()).toHaveLength(1);
	stop();
	expect(await sent()).toEqual([{ type: 'unsubscribe', topic: 'r' }]);
	user.set({ room: 'other', name: 'b' });
	await microtasks();
	expect(await sent()).toEqual([]);
});

it('watches nothing while there is no topic', async () => {
	for (const value of [undefined, null, '']) {
		const { seen } = watch(onDerived(() => value, writable(1)));
		expect(seen).toEqual([null]);
	}
	expect(await sent()).toEqual([]);
});
