import { expect, it } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { live } from '../define/live.ts';
import type { Context } from '../define/context.ts';

/** A runtime whose only procedure runs `what`, and a client of it that listens to `t`. */
async function calling(what: (ctx: Context) => unknown) {
	const errors: string[] = [];
	const runtime = await createRuntime({ 'm/run': live((ctx) => what(ctx)) }, undefined, {
		warn: (message) => void errors.push(message)
	});
	const client = await runtime.connect('u1');
	client.say({ type: 'subscribe', topic: 't' });
	return {
		...runtime,
		client,
		warned: errors,
		run: () => client.ask({ rpc: 'm/run', id: `r${client.frames.length}` }),
		events: () => client.frames.filter(({ topic }) => topic === 't')
	};
}

it('refuses the names of the framework on every way to publish', async () => {
	const ways: ((ctx: Context) => unknown)[] = [
		(ctx) => ctx.publish('__x', 'e'),
		(ctx) =>
			ctx.batch([
				{ topic: 't', event: 'e' },
				{ topic: '__x', event: 'e' }
			]),
		(ctx) => ctx.publishThrottled('__x', 'e', 1, 10),
		(ctx) => ctx.publishDebounced('__x', 'e', 1, 10)
	];
	let way = 0;
	await using here = await calling((ctx) => ways[way]!(ctx));
	for (; way < ways.length; way++) expect(await here.run()).toMatchObject({ ok: false, code: 'INVALID_TOPIC' });
	expect(here.events()).toEqual([]);
});

it('fails at the call for data that cannot travel, on every way to publish', async () => {
	const ways: ((ctx: Context) => unknown)[] = [
		(ctx) => ctx.publish('t', 'e', 1n),
		(ctx) => ctx.batch([{ topic: 't', event: 'e', data: 1n }]),
		(ctx) => ctx.publishThrottled('t', 'e', 1n, 10),
		(ctx) => ctx.publishDebounced('t', 'e', 1n, 10)
	];
	let way = 0;
	const thrown: unknown[] = [];
	await using here = await calling((ctx) => {
		try {
			return ways[way]!(ctx);
		} catch (error) {
			thrown.push(error);
			throw error;
		}
	});
	for (; way < ways.length; way++) expect(await here.run()).toMatchObject({ ok: false, code: 'INTERNAL_ERROR' });
	expect(thrown.map((error) => error instanceof TypeError)).toEqual([true, true, true, true]);
});

it('publishes a batch in order, and volatile events without a position', async () => {
	await using here = await calling((ctx) =>
		ctx.batch([
			{ topic: 't', event: 'a', data: 1 },
			{ topic: 'nobody', event: 'b' },
			{ topic: 't', event: 'c', data: 2, options: { volatile: true } as object }
		])
	);
	expect((await here.run()).data).toEqual([true, false, true]);
	const [first, second] = here.events();
	expect(first).toMatchObject({ event: 'a', data: 1, seq: 1 });
	expect(second).toEqual({ topic: 't', event: 'c', data: 2 });
});

it('publishes at once without a window, and says so once', async () => {
	await using here = await calling((ctx) => ctx.publishThrottled('t', 'e', 1, 0));
	await here.run();
	await here.run();
	expect(here.events()).toHaveLength(2);
	expect(here.warned).toHaveLength(1);
});

it('throttles the entities of one topic apart', async () => {
	await using here = await calling((ctx) => {
		for (const key of ['a', 'b', 'a']) ctx.publishThrottled('t', 'e', { key }, 60_000);
	});
	await here.run();
	expect(here.events().map(({ data }) => data.key)).toEqual(['a', 'b']);
});

it('knows the old names, and says so once each', async () => {
	await using here = await calling((ctx: any) => {
		ctx.throttle('t', 'e', 1, 60_000);
		ctx.throttle('t', 'e', 2, 60_000);
		ctx.debounce('t', 'f', 3, 60_000);
	});
	await here.run();
	expect(here.events().map(({ data }) => data)).toEqual([1]);
	expect(here.warned).toHaveLength(2);
});
