import { guard, live } from 'svelte-realtime/server';

export const _guard = guard({ authenticated: true });

export const desk = live.room({
	topic: (_ctx, id: string) => `desk:${id}`,
	topicArgs: 1,
	init: async (_ctx, id: string) => [{ id, text: 'milk' }],
	presence: (ctx) => ({ nick: ctx.user.name }),
	cursors: true,
	actions: {
		pin: async (ctx, _id: string, note: string) => {
			ctx.publish('updated', { id: note });
			return note.length;
		}
	}
});

export const hall = live.room({ topic: () => 'hall', init: () => [1, 2] });

export const save = live.binary((_ctx, bytes, name: string, alt?: string) => name.length + bytes.byteLength + (alt?.length ?? 0));
export const safe = live.rateLimit({ points: 1, window: 1_000 }, live.scoped(live.access.team(), save));

export const put = live.scoped(
	live.access.team(),
	live.upload(async (ctx, name: string) => {
		const sizes: number[] = [];
		for await (const part of ctx.stream) sizes.push(part.length);
		return { name, sizes, id: ctx.upload.id };
	})
);
