import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import type { StreamOptions } from '../../define/stream-options.ts';

async function warned(
	options: StreamOptions,
	events: readonly (readonly [event: string, data: unknown])[],
	dev = true
): Promise<string[]> {
	const warn = vi.fn<(message: string) => void>();
	const rows = live.stream('rows', () => [], options);
	await using server = await createRuntime({ 'm/rows': rows }, undefined, { dev, warn });
	const client = await server.connect('ida');
	await client.ask({ rpc: 'm/rows', id: '1', stream: true, args: [] });
	for (const [event, data] of events) server.platform.publish('rows', event, data);
	return warn.mock.calls.map(([message]) => message).filter((message) => message.includes('without the field'));
}

it.each([
	{ options: {}, event: 'created', data: { text: 'no id' }, key: 'id' },
	{ options: {}, event: 'deleted', data: 7, key: 'id' },
	{ options: { key: 'slug' }, event: 'updated', data: { id: 1 }, key: 'slug' },
	{ options: {}, event: 'updated', data: null, key: 'id' },
	{ options: {}, event: 'created', data: { id: {} }, key: 'id' },
	{ options: { merge: 'presence' }, event: 'join', data: { id: 1 }, key: 'key' },
	{ options: { merge: 'cursor' }, event: 'update', data: {}, key: 'key' }
] as const)(
	'warns once in development of an event that lacks its key: $event with $data, $options',
	async ({ options, event, data, key }) => {
		const warnings = await warned(options, [
			[event, data],
			[event, data]
		]);
		expect(warnings).toEqual([expect.stringContaining(`"${event}" came without the field "${key}"`)]);
	}
);

it('says nothing of events that have their key, or need none, or are changed on their way, nor in production', async () => {
	expect(
		await warned({}, [
			['created', { id: 0 }],
			['refreshed', []],
			['typing', {}]
		])
	).toEqual([]);
	expect(await warned({ merge: 'latest' }, [['created', {}]])).toEqual([]);
	expect(await warned({ transform: () => ({ id: 1 }) }, [['created', {}]])).toEqual([]);
	expect(await warned({}, [['created', {}]], false)).toEqual([]);
});
