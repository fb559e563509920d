import { expect, it } from 'vitest';
import { createRuntime } from '../../../test/support.ts';
import { live } from '../../define/live.ts';
import { LiveError } from '../../shared/error.ts';

let ids = 0;

/** A breaker of either shape that the test opens. */
function createBreaker(shape: 'isOpen' | 'guard') {
	const state = { open: false, heard: [] as unknown[] };
	const asked =
		shape === 'isOpen'
			? { isOpen: () => state.open }
			: {
					guard() {
						if (state.open) throw new Error('open');
					}
				};
	const breaker = {
		...asked,
		success: () => void state.heard.push('success'),
		failure: (error?: unknown) => void state.heard.push(error)
	};
	return { state, breaker };
}

it.each(['isOpen', 'guard'] as const)('asks a breaker with %s before a call, and tells it how that went', async (shape) => {
	const { state, breaker } = createBreaker(shape);
	const down = new Error('down');
	const call = live.breaker({ breaker }, (_ctx, how: string) => {
		if (how === 'down') throw down;
		if (how === 'busy') throw new LiveError('OVERLOADED');
		if (how === 'mine') throw new LiveError('SOLD_OUT');
		return how;
	});
	await using runtime = await createRuntime({ 'm/call': call });
	const client = await runtime.connect('ida');
	const ask = (how: string): Promise<any> => client.ask({ rpc: 'm/call', id: String(ids++), args: [how] });
	expect(await ask('fine')).toMatchObject({ data: 'fine' });
	expect(await ask('down')).toMatchObject({ code: 'INTERNAL_ERROR' });
	expect(await ask('busy')).toMatchObject({ code: 'OVERLOADED' });
	expect(await ask('mine')).toMatchObject({ code: 'SOLD_OUT' });
	expect(state.heard).toEqual(['success', down, expect.objectContaining({ code: 'OVERLOADED' }), 'success']);
	state.open = true;
	expect(await ask('fine')).toMatchObject({ ok: false, code: 'SERVICE_UNAVAILABLE' });
	expect(state.heard).toHaveLength(4);
});

it('gives the fallback, a value or a function, while the breaker is open', async () => {
	const { state, breaker } = createBreaker('isOpen');
	state.open = true;
	await using runtime = await createRuntime({
		'm/value': live.breaker({ breaker, fallback: null }, () => 1),
		'm/made': live.breaker({ breaker, fallback: (_ctx: unknown, name: string) => `no ${name}` }, (_ctx, name: string) => name)
	});
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/value', id: 'v' })).toEqual({ id: 'v', ok: true, data: null });
	expect(await client.ask({ rpc: 'm/made', id: 'm', args: ['milk'] })).toMatchObject({ data: 'no milk' });
});

it('stands before the loader of a stream, which stays a stream', async () => {
	const { state, breaker } = createBreaker('guard');
	const rows = live.breaker(
		{ breaker },
		live.stream('rows', () => [1], { merge: 'set' })
	);
	await using runtime = await createRuntime({ 'm/rows': rows });
	const client = await runtime.connect('ida');
	expect(await client.ask({ rpc: 'm/rows', id: '1', stream: true })).toMatchObject({ data: [1], topic: 'rows', merge: 'set' });
	state.open = true;
	expect(await client.ask({ rpc: 'm/rows', id: '2', stream: true })).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
});

it('refuses what is no breaker', () => {
	expect(() => live.breaker({ breaker: {} as any }, () => 1)).toThrow('live.breaker: breaker is an object, expected');
	expect(() => live.breaker({ breaker: createBreaker('guard').breaker, other: 1 } as any, () => 1)).toThrow('options is "other"');
});
