import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { app } from '../define/app.ts';
import { guard, live } from '../define/live.ts';
import { CODES, LiveError } from '../shared/error.ts';
import { BATCH_EVENT, MAX_BATCH } from '../shared/rpc-frame.ts';
import { DEFAULT_LIMITS } from '../shared/limits.ts';
import { parseRequest } from './parse.ts';

const SECRET = 'hunter2';
const cycle: unknown[] = [];
cycle.push(cycle);

/** What an app may do by mistake. */
const RESULTS: Readonly<Record<string, () => unknown>> = {
	bigint: () => 1n,
	cycle: () => cycle,
	function: () => () => SECRET,
	symbol: () => Symbol(SECRET),
	promise: () => ({ inner: Promise.resolve(SECRET) }),
	thenable: () => ({
		then(_resolve: unknown, reject: (error: unknown) => void) {
			reject(new Error(SECRET));
		}
	}),
	getter: () => ({
		get then(): never {
			throw new Error(SECRET);
		}
	}),
	proxy: () =>
		new Proxy(
			{},
			{
				get() {
					throw new Error(SECRET);
				},
				has() {
					throw new Error(SECRET);
				},
				ownKeys() {
					throw new Error(SECRET);
				}
			}
		),
	large: () => 'x'.repeat(2_000_000),
	null: () => {
		throw null;
	},
	unreadable: () => {
		throw Object.defineProperty(new LiveError('X'), 'message', {
			get() {
				throw new Error(SECRET);
			}
		});
	}
};

const definitions = {
	'm/echo': live((_ctx, ...args: unknown[]) => args),
	'm/later': live(async (_ctx, ...args: unknown[]) => Promise.resolve(args)),
	'm/odd': live((_ctx, which: unknown) => RESULTS[String(which)]?.()),
	'm/held': live((ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error(SECRET))))),
	'm/once': live.idempotent(
		{},
		live.rateLimit({ points: 5, window: 1 }, (_ctx, ...args: unknown[]) => args)
	),
	'm/rows': live.stream(
		(_ctx, name: string) => `rows:${name}`,
		() => []
	)
};

const id = fc.oneof(
	fc.constantFrom('1', '2', '3', '', '__batch', '__proto__', '\u0000', '\ud800'),
	fc.string({ maxLength: 300 })
);
const path = fc.oneof(
	fc.constantFrom(...Object.keys(definitions)),
	fc.constantFrom(
		'm/odd',
		'm/none',
		'm/__proto__',
		'm/constructor',
		'__proto__',
		'm/../m/echo',
		'm//echo',
		'm%2fecho',
		'M/Echo',
		'm/eсho',
		'__rpc/cancel'
	)
);
const args = fc.oneof(
	fc.array(fc.oneof(fc.constantFrom(...Object.keys(RESULTS)), fc.jsonValue()), { maxLength: 3 }),
	fc.constantFrom(['1', '2'], [{ toJSON: 1, toString: 1, valueOf: 1, then: 1, length: 1e9 }])
);
const request = fc.record(
	{
		rpc: path,
		id,
		args,
		stream: fc.boolean(),
		idempotencyKey: fc.constantFrom('k', '', 'x'.repeat(300)),
		traceparent: fc.string()
	},
	{ requiredKeys: ['rpc'] }
);
/** A request of which one field is anything. */
const spoilt = fc
	.tuple(
		request,
		fc.constantFrom('rpc', 'id', 'args', 'stream', 'seq', 'idempotencyKey', 'cursor', '__proto__'),
		fc.oneof(fc.jsonValue(), fc.constant({ toString: 1, valueOf: 1 }))
	)
	.map(
		([good, field, value]) =>
			`{${[...Object.entries(good).filter(([name]) => name !== field), [field, value]].map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`).join(',')}}`
	);
const frame = fc.oneof(
	request.map((value) => JSON.stringify(value)),
	spoilt,
	fc
		.record({
			batch: fc.array(fc.oneof(request, fc.jsonValue(), fc.constant({ rpc: 'm/echo', id: { toString: 1, valueOf: 1 } })), {
				maxLength: MAX_BATCH + 2
			}),
			sequential: fc.boolean(),
			each: fc.boolean()
		})
		.map((value) => JSON.stringify(value)),
	fc.constantFrom(
		`{"rpc":"m/echo","id":"1","args":[${'9'.repeat(5_000)},1e400,-0]}`,
		`{"rpc":"m/echo","id":"1","args":[{${Array.from({ length: 1_000 }, (_, i) => `"k${i}":0`).join(',')}}]}`,
		`{"rpc":"m/echo","id":"1","args":${'['.repeat(6_000)}${']'.repeat(6_000)}}`,
		`{"rpc":"m/echo","id":"1","args":[{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}]}`
	)
);

/** How many answers a frame is owed at once or later, by id. */
function owed(text: string): string[] {
	const parsed = parseRequest(text, DEFAULT_LIMITS);
	if (!parsed) return [];
	if ('batch' in parsed) {
		const { entries, each, sequential } = parsed.batch;
		return each && !sequential && entries.length <= MAX_BATCH
			? entries.map((entry: any) => (typeof entry?.id === 'string' ? entry.id : ''))
			: [BATCH_EVENT];
	}
	if ('refused' in parsed) return parsed.isBatch ? [BATCH_EVENT] : [...parsed.refused];
	return parsed.single.id === undefined ? [] : [parsed.single.id];
}

it('answers each request once, whatever comes and whatever handlers do, and stays as it was', async () => {
	const prototype = Object.getOwnPropertyNames(Object.prototype);
	await using runtime = await createRuntime(
		definitions,
		guard(() => {}),
		{ app: app() }
	);
	const bystander = await runtime.connect('bystander');
	await fc.assert(
		fc.asyncProperty(fc.array(frame, { maxLength: 12 }), async (frames) => {
			const client = await runtime.connect('ida');
			for (const text of frames) client.peer.send(text);
			// What waits for its client to cancel it is answered too.
			client.say({ rpc: '__rpc/cancel', args: frames.flatMap(idsOf) });
			await client.ask({ rpc: 'm/later', id: 'the last of all' });
			const due = frames.flatMap(owed);
			await expect.poll(() => answers(client.frames).length, { interval: 1 }).toBeGreaterThanOrEqual(due.length);
			const got = answers(client.frames);
			expect(got.map(({ event }) => event).toSorted()).toEqual(due.toSorted());
			for (const { data } of got) {
				for (const reply of data.batch ?? [data]) if (!reply.ok) expect([...Object.keys(CODES), 'X']).toContain(reply.code);
				expect(JSON.stringify(data)).not.toContain(SECRET);
			}
			await client.leave();
		}),
		{ numRuns: 60 }
	);
	expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
	expect(answers(bystander.frames)).toEqual([]);
	expect(await bystander.ask({ rpc: 'm/echo', id: 'still there', args: [1] })).toMatchObject({ ok: true, data: [1] });
}, 60_000);

const answers = (frames: readonly any[]): any[] =>
	frames.filter(({ topic, event }) => topic === '__rpc' && event !== 'the last of all');

/** The ids in a frame, wherever they stand. */
function idsOf(text: string): string[] {
	const parsed = parseRequest(text, DEFAULT_LIMITS);
	if (!parsed || 'refused' in parsed) return [];
	const entries = 'batch' in parsed ? parsed.batch.entries : [parsed.single];
	return entries.flatMap((entry: any) => (typeof entry?.id === 'string' ? [entry.id] : []));
}
