import { live } from 'svelte-realtime/server';

export const where = live(() => process.pid);

export const hall = live.room({
	topic: (_ctx, id: string) => `hall:${id}`,
	topicArgs: 1,
	init: () => [],
	presence: () => ({ pid: process.pid })
});

/** Asks a user, who may be connected to another worker. */
export const ask = live((_ctx, userId: string) => live.push({ userId }, 'who', process.pid, { timeoutMs: 20_000 }));

export const call = live((ctx, userId: string) => ctx.sendSignal(userId, 'call', process.pid));
