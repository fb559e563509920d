import fc from 'fast-check';
import type { Connection, Platform } from 'svelte-adapter-uws/contract';
import { expect, it, vi } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { guard, live } from '../define/live.ts';
import { standard } from '../features/standard.ts';
import { LiveError } from '../shared/error.ts';
import type { DispatchOptions } from './dispatch.ts';
import { MAX_REPLY } from './reply.ts';
import { Runtime } from './runtime.ts';

/** A runtime whose replies are read without a server, in the turn in which they leave. */
function alone(definitions: Readonly<Record<string, Parameters<Runtime['install']>[1]>>, options: DispatchOptions = {}) {
	const replies: any[] = [];
	const errors: [string, unknown][] = [];
	const platform = { requestId: 'r', gate: () => ({ [Symbol.dispose]() {} }) } as unknown as Platform;
	const runtime = new Runtime({ platform, features: standard, onError: (path, error) => void errors.push([path, error]) });
	for (const [path, definition] of Object.entries(definitions)) runtime.install(path, definition);
	const topics = new Set<string>();
	const ws = {
		sendOrClose: (frame: string) => void replies.push(JSON.parse(frame)),
		getUserData: () => ({ id: 'ida' }),
		subscribe: (topic: string) => Boolean(topics.add(topic)),
		unsubscribe: (topic: string) => topics.delete(topic),
		isSubscribed: (topic: string) => topics.has(topic),
		signal: new AbortController().signal,
		onClose: () => true
	} as unknown as Connection;
	const say = (frame: unknown): boolean =>
		runtime.receive(ws, { platform }, typeof frame === 'string' ? frame : JSON.stringify(frame), options);
	return { replies, errors, topics, say, runtime };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('answers within the call when nothing is asynchronous', () => {
	const { say, replies } = alone({ 'm/f': live(() => 1) });
	expect(say({ rpc: 'm/f', id: '1' })).toBe(true);
	expect(replies).toEqual([{ topic: '__rpc', event: '1', data: { id: '1', ok: true, data: 1 } }]);
});

it('asks the guard, then beforeExecute, then the handler, for calls and streams', async () => {
	const order: string[] = [];
	const beforeExecute = async (_ws: unknown, path: string, args: readonly unknown[]) => {
		order.push(`before ${path} ${JSON.stringify(args)}`);
		if (args[0] === 'no') throw new LiveError('RATE_LIMITED', undefined, { retryAfter: 850 });
	};
	const asked = guard((ctx) => (order.push('guard'), ctx.user !== null));
	await using server = await createRuntime(
		{ 'm/f': live(() => order.push('handler')), 'm/s': live.stream('t', () => void order.push('loader')) },
		asked,
		{ beforeExecute }
	);
	const client = await server.connect('ida');
	await client.ask({ rpc: 'm/f', id: '1', args: ['yes'] });
	await client.ask({ rpc: 'm/s', id: '2', stream: true });
	expect(order).toEqual(['guard', 'before m/f ["yes"]', 'handler', 'guard', 'before m/s []', 'loader']);
	expect(await client.ask({ rpc: 'm/f', id: '3', args: ['no'] })).toEqual({
		id: '3',
		ok: false,
		code: 'RATE_LIMITED',
		error: 'Too many requests',
		retryAfter: 850
	});
	order.length = 0;
	expect(await (await server.connect()).ask({ rpc: 'm/f', id: '1' })).toMatchObject({ code: 'UNAUTHENTICATED' });
	expect(order).toEqual(['guard']);
});

const hostile: [string, () => unknown][] = [
	[
		'throws an error',
		() => {
			throw new Error('hunter2');
		}
	],
	[
		'throws null',
		() => {
			throw null;
		}
	],
	[
		'throws undefined',
		() => {
			throw undefined;
		}
	],
	[
		'throws a frozen error',
		() => {
			throw Object.freeze(new Error('hunter2'));
		}
	],
	[
		'throws a proxy that throws',
		() => {
			throw new Proxy(
				{},
				{
					get: () => {
						throw new Error('hunter2');
					},
					has: () => {
						throw new Error('hunter2');
					}
				}
			);
		}
	],
	[
		'throws an error whose message throws',
		() => {
			throw Object.defineProperty(new LiveError('CODE'), 'message', {
				get: () => {
					throw new Error('hunter2');
				}
			});
		}
	],
	['rejects', () => Promise.reject(new Error('hunter2'))],
	['rejects with null', () => Promise.reject(null)],
	[
		'gives a thenable whose then throws',
		() => ({
			then() {
				throw new Error('hunter2');
			}
		})
	],
	[
		'gives an object whose then cannot be read',
		() =>
			Object.defineProperty({}, 'then', {
				enumerable: true,
				get: () => {
					throw new Error('hunter2');
				}
			})
	],
	[
		'gives a cycle',
		() => {
			const cycle: unknown[] = [];
			cycle.push(cycle);
			return cycle;
		}
	],
	['gives a BigInt', () => 1n],
	[
		'gives something whose toJSON throws',
		() => ({
			toJSON: () => {
				throw new Error('hunter2');
			}
		})
	]
];

it.each(hostile)('answers INTERNAL_ERROR once, and reports it once, when a handler %s', async (name, run) => {
	for (const rpc of ['m/f', 'm/later']) {
		const { say, replies, errors } = alone({ 'm/f': live(run), 'm/later': live(async () => run()) });
		say({ rpc, id: '1' });
		await turn();
		expect(replies.map(({ data }) => data)).toEqual([
			{ id: '1', ok: false, code: 'INTERNAL_ERROR', error: 'Internal server error' }
		]);
		// A LiveError is for its caller, even one that cannot be read.
		expect(errors.map(([path]) => path)).toEqual(name.includes('message throws') ? [] : [rpc]);
	}
});

it.each(hostile)('takes a subscription back when a loader %s', async (_name, load) => {
	const left: string[] = [];
	const { say, replies, topics } = alone({
		'm/s': live.stream('t', load, { onUnsubscribe: (_ctx, topic) => void left.push(topic) })
	});
	say({ rpc: 'm/s', id: '1', stream: true });
	await turn();
	expect(replies.map(({ data }) => data)).toEqual([
		{ id: '1', ok: false, code: 'INTERNAL_ERROR', error: 'Internal server error' }
	]);
	expect([[...topics], left]).toEqual([[], ['t']]);
});

it.each(hostile.filter(([name]) => /^(throws|rejects)|then throws/.test(name)))(
	'lets nobody through a guard, access or beforeExecute that %s',
	async (_name, check) => {
		for (const place of ['guard', 'access', 'beforeExecute'] as const) {
			const { say, replies, runtime } = alone({}, place === 'beforeExecute' ? { beforeExecute: check } : {});
			const stream = live.stream('t', () => expect.unreachable(), place === 'access' ? { access: check as never } : {});
			runtime.install('m/s', stream, place === 'guard' ? guard(check) : undefined);
			say({ rpc: 'm/s', id: '1', stream: true });
			await turn();
			expect(replies.map(({ data }) => data.ok)).toEqual([false]);
			expect(JSON.stringify(replies)).not.toContain('hunter2');
		}
	}
);

it('contains an onError that throws or rejects, and tells the runtime', async () => {
	for (const onError of [
		() => {
			throw new Error('reporter');
		},
		async () => {
			throw new Error('reporter');
		}
	]) {
		const { say, replies, errors } = alone(
			{
				'm/f': live(() => {
					throw new Error('handler');
				})
			},
			{ onError }
		);
		say({ rpc: 'm/f', id: '1' });
		await turn();
		expect(replies).toHaveLength(1);
		expect(errors).toEqual([['m/f', expect.objectContaining({ message: 'reporter' })]]);
	}
});

it('refuses a result that its client could not take, and reports it', async () => {
	const large = 'x'.repeat(MAX_REPLY);
	const { say, replies, errors, topics } = alone({
		'm/f': live(() => large),
		'm/s': live.stream('t', () => large),
		'm/fits': live(() => large.slice(30))
	});
	say({ rpc: 'm/f', id: '1' });
	say({ rpc: 'm/s', id: '2', stream: true });
	say({ rpc: 'm/fits', id: '3' });
	await turn();
	expect(replies.map(({ data }) => data.code ?? data.ok).sort()).toEqual(['PAYLOAD_TOO_LARGE', 'PAYLOAD_TOO_LARGE', true]);
	expect(errors.map(([path]) => path)).toEqual(['m/f', 'm/s']);
	expect(topics.size).toBe(0);
});

it('sends the answers of a batch in as many frames as clients can take', async () => {
	const half = 'x'.repeat(MAX_REPLY / 2);
	const { say, replies } = alone({ 'm/f': live((_ctx, n: number) => half.slice(n)) });
	say({ batch: [1, 2, 3].map((n) => ({ rpc: 'm/f', id: `${n}`, args: [n] })) });
	await turn();
	expect(replies.map(({ event, data }) => [event, data.batch.map(({ id }: { id: string }) => id)])).toEqual([
		['__batch', ['1']],
		['__batch', ['2']],
		['__batch', ['3']]
	]);
});

it('refuses ids that would be taken for something else', () => {
	const { say, replies } = alone({ 'm/f': live(() => 1) });
	say({ rpc: 'm/f', id: '' });
	say({ rpc: 'm/f', id: '__batch' });
	expect(replies.map(({ data }) => data.code)).toEqual(['INVALID_REQUEST', 'INVALID_REQUEST']);
	say({ rpc: 'm/f', id: '"\\\n\ud800' });
	expect(replies[2]).toMatchObject({ event: '"\\\n\ud800', data: { id: '"\\\n\ud800', ok: true } });
});

it('answers each entry of a batch that is too long by its id, and once where there is none', async () => {
	const { say, replies } = alone({ 'm/f': live(() => expect.unreachable()) });
	say({ batch: Array.from({ length: 51 }, (_, i) => (i < 2 ? { rpc: 'm/f', id: `${i}` } : i)) });
	say({ batch: Array.from({ length: 51 }, () => null) });
	await turn();
	expect(replies.map(({ data }) => data.batch.map(({ id, code }: Record<string, string>) => [id, code]))).toEqual([
		[
			['0', 'INVALID_REQUEST'],
			['1', 'INVALID_REQUEST']
		],
		[['', 'INVALID_REQUEST']]
	]);
});

it('runs a sequential batch one after the other, and any other together', async () => {
	for (const sequential of [true, false]) {
		let running = 0;
		let most = 0;
		const slow = live(async () => {
			most = Math.max(most, ++running);
			await turn();
			running--;
		});
		const { say, replies } = alone({ 'm/f': slow });
		say({ batch: [1, 2, 3].map((n) => ({ rpc: 'm/f', id: `${n}` })), sequential });
		await vi.waitFor(() => expect(replies).toHaveLength(1));
		expect(most).toBe(sequential ? 1 : 3);
	}
});

it('takes any frame at all without throwing, answers each call at most once, and leaves the prototypes alone', async () => {
	const before = [Object.prototype, Array.prototype, Function.prototype].map((prototype) => Reflect.ownKeys(prototype).length);
	const { say, replies } = alone({
		'm/f': live((_ctx, ...args) => args),
		'm/s': live.stream(
			(_ctx, id) => id as string,
			(_ctx, id) => id
		)
	});
	const name = fc.constantFrom(
		'm/f',
		'm/s',
		'm/none',
		'__proto__/constructor',
		'm/__proto__',
		'constructor',
		'm//f',
		'../f',
		'm/f\0',
		'm/%66',
		'x'.repeat(10_000)
	);
	const value = fc.oneof(
		fc.jsonValue(),
		fc.constantFrom('__proto__', { toJSON: 1, then: 1, length: -1 }, { __proto__: null, constructor: { prototype: 1 } })
	);
	const id = fc.oneof(fc.string({ maxLength: 8 }), value);
	const request = fc.record(
		{ rpc: fc.oneof(name, value), id, args: fc.oneof(fc.array(value), value), stream: fc.oneof(fc.boolean(), value), seq: value },
		{ requiredKeys: ['rpc'] }
	);
	const frame = fc
		.oneof(
			request,
			fc.record({ batch: fc.oneof(fc.array(fc.oneof(request, value)), value), sequential: value }, { requiredKeys: ['batch'] }),
			fc.json(),
			fc.string(),
			fc.anything().map((anything) => ({ rpc: 'm/f', id: '1', args: [String(JSON.stringify(anything) ?? 0)] }), undefined)
		)
		.filter((made) => typeof made !== 'object' || JSON.stringify(made) !== undefined);
	await fc.assert(
		fc.asyncProperty(frame, async (made) => {
			replies.length = 0;
			const text = typeof made === 'string' ? made : JSON.stringify(made);
			const taken = say(text);
			await turn();
			const parsed = taken ? JSON.parse(text) : undefined;
			const expected = !taken ? 0 : 'batch' in parsed && !('rpc' in parsed) ? 1 : 'id' in parsed ? 1 : 0;
			expect(replies).toHaveLength(expected);
			for (const { topic, event, data } of replies) {
				expect(topic).toBe('__rpc');
				if (event === '__batch' && Array.isArray(data.batch))
					for (const reply of data.batch) expect(reply).toMatchObject({ id: expect.any(String), ok: expect.any(Boolean) });
				else expect(data).toMatchObject({ id: event, ok: expect.any(Boolean) });
			}
		}),
		{ numRuns: 500 }
	);
	expect([Object.prototype, Array.prototype, Function.prototype].map((prototype) => Reflect.ownKeys(prototype).length)).toEqual(
		before
	);
});
