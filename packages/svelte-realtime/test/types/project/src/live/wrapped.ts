import { guard, live, pipe, type Context } from 'svelte-realtime/server';
import { z } from 'zod';
import type { Todo } from '../lib/store.ts';

export const _guard = guard({ authenticated: true });

const Input = z.object({ text: z.string(), due: z.string().transform((text) => new Date(text)) });

export const add = live.rateLimit(
	{ points: 5, window: 1_000, key: (ctx) => ctx.user.id },
	live.validated(Input, async (_ctx, input, urgent?: boolean): Promise<Todo> => ({
		id: 1,
		text: `${input.text} ${input.due.getTime()}`,
		urgent: urgent ?? false,
		by: 'Ida'
	}))
);

export const rename = live.scoped(live.access.org(), (_ctx, org: string, name: string) => `${org}: ${name}`);

export const pay = live.lock(
	{ key: (_ctx, order: { account: string }) => order.account, maxWaitMs: 2_000 },
	live.validated(z.object({ account: z.string() }), async (_ctx, order) => order.account.length)
);

export const news = live.channel<{ headline: string }>('news');

export const typing = live.channel((_ctx, room: string) => `typing:${room}`, { merge: 'presence' });

// @ts-expect-error -- the handler gets what the schema gives
export const wrong = live.validated(Input, (_ctx, input: { text: number }) => input);

export const alone = live.validated(Input, (_ctx, input) => input.due);
export const nobody = live.validated(Input, () => true);
export const nested = live.validated(
	Input,
	live.scoped(live.access.team(), (_ctx, input: { text: string }, count: number) => input.text + count)
);

export const everything = live.idempotent(
	{ keyFrom: (ctx, order) => `${ctx.user.id}:${order.account}`, ttl: 60 },
	live.rateLimit(
		{ points: 5, window: 1_000, store: 'cluster' },
		live.breaker(
			{ breaker: { isOpen: () => false, success() {}, failure() {} } },
			live.lock(
				'account',
				live.volatile(
					live.public(
						live.scoped(
							live.access.team(),
							live.rateLimit(
								{ points: 9, window: 1_000 },
								live.lock(
									'other',
									live.validated(z.object({ account: z.string().transform(Number) }), async (_ctx, order, note?: string) => ({
										account: order.account,
										note
									}))
								)
							)
						)
					)
				)
			)
		)
	)
);

export const guarded = live.breaker(
	{ breaker: { guard() {}, success() {}, failure() {} }, fallback: [] },
	live.stream(
		(_ctx, list: string) => `guarded:${list}`,
		async (_ctx, list): Promise<Todo[]> => [{ id: 1, text: list, urgent: false, by: '' }]
	)
);

export const scopedStream = live.scoped(live.access.team(), guarded);

export const notesSince = live.validated(
	z.object({ list: z.string(), since: z.string().transform((text) => new Date(text)) }),
	live.rateLimit(
		{ points: 5, window: 1_000 },
		live.stream(
			(_ctx: Context, query: { list: string; since: Date }) => `${query.list}:${query.since.getTime()}`,
			live.breaker({ breaker: { isOpen: () => false, success() {}, failure() {} } }, async (_ctx, query): Promise<Todo[]> => [
				{ id: query.since.getTime(), text: query.list, urgent: false, by: '' }
			])
		)
	)
);

// @ts-expect-error -- a stream is loaded anew for who asks again
live.idempotent({}, notesSince);
// @ts-expect-error -- no such reason
live.admission({ classes: { background: ['HEAT'] } });
live.middleware(async (ctx, next, path) => (ctx.user.id === path ? undefined : next()));

const plain = live.stream('plain', () => [1]);
const named = live.stream(
	(ctx: Context, id: string) => `named:${id}`,
	(ctx, id) => [id.length]
);
export const gated = live.gate((ctx) => ctx.user.id === 'ida', plain);
export const gatedPipe = live.gate((ctx) => ctx.user.id === 'ida', pipe(plain, pipe.limit(2)));
export const gatedNamed = live.gate(async (ctx, id) => id.length > 1, named);
export const gatedForAll = live.gate(() => true, named);
// @ts-expect-error -- the stream's argument is text
export const gatedWrong = live.gate((ctx, id: number) => id > 1, named);
