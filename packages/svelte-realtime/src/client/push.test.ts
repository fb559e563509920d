import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { closeConnection, endPage, pageSlots } from '../../test/client/fresh-page.ts';
import { realtime } from '../hooks.ts';
import { live } from '../live.ts';

/** A server in this process, and the page of a user. */
async function page() {
	const server = await createTestServer({ handler: { ...realtime(), upgrade: () => ({ id: 'ann' }) } });
	endPage(() => server.close());
	const { configure, onPush, onSignal } = await import('../client.ts');
	configure({ url: server.wsUrl });
	const connected = () => vi.waitFor(async () => expect(await server.platform.stores.registry.find('ann')).toHaveLength(1));
	return { server, onPush, onSignal, connected };
}

const ann = { userId: 'ann' };

it('answers pushes by their event, with what its handler gives or throws', async () => {
	const { onPush, connected } = await page();
	const stop = onPush('confirm', ({ op }) => op === 'delete');
	onPush('later', async (data) => [data]);
	onPush('bad', () => {
		throw new Error('not now');
	});
	await connected();
	await expect(live.push(ann, 'confirm', { op: 'delete' })).resolves.toBe(true);
	await expect(live.push(ann, 'later', 1)).resolves.toEqual([1]);
	await expect(live.push(ann, 'bad')).rejects.toMatchObject({ code: 'REFUSED', message: 'not now' });
	await expect(live.push(ann, 'none')).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('none') });
	const other = onPush('confirm', () => 'other');
	stop();
	await expect(live.push(ann, 'confirm')).resolves.toBe('other');
	other();
	await expect(live.push(ann, 'confirm')).rejects.toMatchObject({ code: 'REFUSED' });
});

it('hears the signals of its user, over each connection of the page', async () => {
	const { server, onSignal, onPush, connected } = await page();
	const heard: string[] = [];
	const stop = onSignal('ann', (event, data) => heard.push(`named ${event} ${data}`));
	onSignal((event, data) => heard.push(`own ${event} ${data}`));
	onSignal('bob', () => heard.push('bob'));
	onPush('still', () => 'there');
	await connected();
	const send = (data: number): unknown => server.platform.publish('__signal:ann', 'call', data);
	send(1);
	await vi.waitFor(() => expect(heard).toEqual(['named call 1', 'own call 1']));
	stop();
	// The page closes its connection and opens another.
	closeConnection();
	await vi.waitFor(async () => expect(await server.platform.stores.registry.find('ann')).toEqual([]));
	onPush('other', () => 1);
	await connected();
	send(2);
	await vi.waitFor(() => expect(heard).toEqual(['named call 1', 'own call 1', 'own call 2']));
	await expect(live.push(ann, 'still')).resolves.toBe('there');
});

it('throws for what cannot be meant', async () => {
	const { onPush, onSignal } = await page();
	for (const bad of [() => onPush('', () => 1), () => onPush('e', 1 as never), () => onSignal('' as never, () => 1)])
		expect(bad).toThrow(TypeError);
	expect(() => onSignal('ann' as never)).toThrow(TypeError);
});

it('keeps nothing of a page that is rendered on the server', async () => {
	const { onPush, onSignal } = await import('../client.ts');
	onPush('confirm', () => true)();
	onSignal(() => {})();
	const [live] = pageSlots();
	expect(live).not.toHaveProperty('live');
	expect(live).not.toHaveProperty('pushes');
});
