import { expect, it, vi } from 'vitest';
import { channel } from '../../src/client/service/channels.ts';
import { createChannel } from '../../src/plugins/channels.ts';
import { startPlugin } from '../support/plugin-core.ts';
import { startPage, TRANSPORTS, watch } from '../support/plugin.ts';

const number = {
	parse(data: unknown): number {
		if (typeof data !== 'number') throw new TypeError('no number');
		return data;
	}
};

it('publishes what its validators give', async () => {
	const { enter, platform } = await startPlugin({});
	const ann = await enter({}, 'todos');
	const todos = createChannel('todos', { count: number, trim: (data: unknown) => String(data).trim(), cleared: null });
	expect([todos.topic, todos.events]).toEqual(['todos', ['count', 'trim', 'cleared']]);
	expect(todos.publish(platform, 'count', 5)).toBe(true);
	todos.publish(platform, 'trim', ' x ');
	todos.publish(platform, 'cleared');
	expect(todos.send(platform, ann.ws, 'count', 6)).toBe(0);
	expect(ann.on('todos')).toEqual([
		['count', 5],
		['trim', 'x'],
		['cleared', null],
		['count', 6]
	]);
});

it('refuses events that it does not have, and data that is not valid', async () => {
	const { enter, platform } = await startPlugin({});
	const ann = await enter({}, 'todos');
	const todos = createChannel('todos', { count: number, later: async () => 1, broken: () => Promise.reject(new Error('x')) });
	for (const event of ['counts', 'toString'])
		expect(() => todos.publish(platform, event as never, 1)).toThrow(`there is no event ${event}. It has: count, later, broken.`);
	const invalid = (() => {
		try {
			return void todos.send(platform, ann.ws, 'count', 'x');
		} catch (error) {
			return error;
		}
	})();
	expect(invalid).toMatchObject({
		message: 'Channel todos: the data of count is not valid: no number',
		cause: new TypeError('no number')
	});
	for (const event of ['later', 'broken'] as const) expect(() => todos.publish(platform, event, 1)).toThrow('gave a promise');
	expect(ann.on('todos')).toEqual([]);
});

it('refuses topics and validators that are none', () => {
	for (const topic of ['', 'a"b', 5 as never]) expect(() => createChannel(topic, { a: null })).toThrow('createChannel: topic');
	for (const events of [{}, null, 5]) expect(() => createChannel('t', events as never)).toThrow('createChannel t: events');
	for (const validator of ['x', 5, {}, { parse: 1 }])
		expect(() => createChannel('t', { a: validator as never })).toThrow('event a: expected a function');
	expect(() => channel('')).toThrow('channel: topic');
});

it.each(TRANSPORTS)('%s: the browser half knows the events', async (transport) => {
	const todos = createChannel('todos', { created: number, deleted: null });
	const { server } = await startPage(transport, {});
	const half = channel('todos', ['created', 'deleted']);
	expect([half.topic, half.events, channel('free').events]).toEqual(['todos', ['created', 'deleted'], null]);
	const created = watch(half.on<number>('created'));
	const all = watch(channel('todos').on());
	await vi.waitFor(() => expect(server.platform.subscribers('todos')).toBe(1));
	todos.publish(server.platform, 'created', 1);
	todos.publish(server.platform, 'deleted', 2);
	await vi.waitFor(() => expect(all.last).toMatchObject({ event: 'deleted', data: 2 }));
	expect(created.values).toEqual([null, { data: 1 }]);
	expect(() => half.on('create' as never)).toThrow('channel todos: there is no event create. It has: created, deleted.');
});
