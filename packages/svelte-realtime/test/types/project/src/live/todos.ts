import { guard, live, type Context } from 'svelte-realtime/server';
import { find, type Todo } from '../lib/store.ts';

export const _guard = guard({ authenticated: true });

export const add = live(async (ctx, text: string, urgent: boolean = false): Promise<Todo> => ({
	id: 1,
	text,
	urgent,
	by: ctx.user.name
}));
export const count = live((_ctx, ...ids: number[]) => ids.length);
export const all = live.stream('todos', async () => find());
export const one = live.stream(
	(_ctx, id: number) => `todo:${id}`,
	async (_ctx, id) => find().find((todo) => todo.id === id) ?? null,
	{ merge: 'set' }
);
export const recent = live.stream(
	(_ctx, limit?: number) => `recent:${limit ?? 10}`,
	() => find()
);
const exists = (_ctx: Context, id: number): boolean => find().some((todo) => todo.id === id);
export const mine = live.stream(
	(_ctx, id: number) => `mine:${id}`,
	() => find(),
	{ access: exists }
);
// A single parameter that is no context is the client's.
export const byId = live.stream(
	(id: number) => `by-id:${id}`,
	async (_ctx, id) => find().filter((todo) => todo.id === id),
	{ access: (_ctx, id) => id > 0 }
);
export const tagged = live.stream(
	(...tags: string[]) => `tagged:${tags.join()}`,
	(_ctx, ...tags) => tags.length
);
export const pings = live.channel((room: string) => `pings:${room}`);
export const own = live.stream(
	(ctx) => `own:${ctx.user.name}`,
	() => find()
);
const ofMe = (ctx: Context): string => `own:${ctx.user.name}`;
// @ts-expect-error -- a topic that takes the context alone has no arguments
export const wrong = live.stream(ofMe, (_ctx, extra: number) => extra);
export const pages = live.stream('pages', async (ctx) => ({ data: find(), hasMore: ctx.cursor === null, cursor: 7 }));
export default live(() => 'default' as const);
