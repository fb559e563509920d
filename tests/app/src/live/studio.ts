import { createHash } from 'node:crypto';
import { guard, live, LiveError, type Context } from 'svelte-realtime/server';
import { gate } from '#lib/gate.ts';

interface Item {
	readonly id: string;
	readonly text: string;
}

interface Line {
	readonly id: number;
	readonly text: string;
}

export const _guard = guard({ authenticated: true });

const PAGE = 3;
const studios = new Map<string, { readonly items: Item[]; readonly log: Line[] }>();

function at(id: string) {
	const known = studios.get(id);
	if (known) return known;
	const created = { items: [], log: Array.from({ length: 7 }, (_, index) => ({ id: index + 1, text: `line ${index + 1}` })) };
	studios.set(id, created);
	return created;
}

function write(ctx: Context, id: string, text: string): void {
	const line = { id: at(id).log.length + 1, text };
	at(id).log.push(line);
	ctx.publish(`studio:${id}:log`, 'created', line);
}

/** Where two people meet; each test has one of its own. */
export const studio = live.room({
	topic: (_ctx, id: string) => `studio:${id}`,
	topicArgs: 1,
	init: (_ctx, id: string) => [...at(id).items],
	presence: (ctx) => ({ name: ctx.user.name as string }),
	cursors: true,
	actions: {
		add: (ctx, id: string, text: string) => {
			const item = { id: crypto.randomUUID(), text };
			at(id).items.push(item);
			ctx.publish('created', item);
		},
		/** Waits until somebody decides, and refuses. */
		rename: async (_ctx, id: string, _item: string, _text: string) => {
			await gate(`decide ${id}`).promise;
			throw new LiveError('CONFLICT', 'Somebody said no.');
		}
	}
});

export const decide = live((_ctx, id: string) => gate(`decide ${id}`).resolve('no'));

/** How many items a studio has. */
export const size = live.derived(
	(id: string) => [`studio:${id}`],
	(_ctx, id) => at(id).items.length
);

export const vote = live((ctx, id: string) => ctx.publish('studio-votes', 'cast', id));

export const votes = live.aggregate(
	'studio-votes',
	{
		of: {
			init: (): Record<string, number> => ({}),
			reduce: (votes, _event, id: string) => ({ ...votes, [id]: (votes[id] ?? 0) + 1 })
		}
	},
	{ topic: 'studio-tally' }
);

export const note = live((ctx, id: string) => write(ctx, id, 'noted'));

/** The oldest lines first, in pages. */
export const log = live.stream(
	(_ctx, id: string) => `studio:${id}:log`,
	(ctx, id) => {
		const start = Number(ctx.cursor ?? 0);
		const data = at(id).log.slice(start, start + PAGE);
		return { data, hasMore: start + PAGE < at(id).log.length, cursor: start + data.length };
	}
);

/** Reads as fast as it comes once somebody has released it; gives what it read as a hash. */
export const put = live.upload(async (ctx, id: string, name: string) => {
	ctx.signal.addEventListener('abort', () => write(ctx, id, `${name} was given up`));
	const hash = createHash('sha256');
	for await (const part of ctx.stream) {
		hash.update(part);
		await gate(`read ${id}`).promise;
	}
	return hash.digest('hex');
});

export const read = live((_ctx, id: string) => gate(`read ${id}`).resolve('now'));

export const ask = live((ctx, who: string) => live.push({ userId: who }, 'ask', ctx.user.name, { timeoutMs: 30_000 }));

export const hint = live((ctx, who: string) => void live.notify({ userId: who }, 'hint', ctx.user.name));
