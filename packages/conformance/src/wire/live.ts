import { guard, live, LiveError } from 'svelte-realtime/server';

interface Row {
	readonly id: number;
	readonly text: string;
}

const rows = new Map<number, Row>();

/**
 * The live module that the RPC suite talks to: serve it at the path `wire`, with hooks of `realtime()` whose `message` hands
 * everything else to `wireHooks()`. Its streams have fixed topics, so that the topics of the envelope suite stay free.
 */
export const _guard = guard((ctx) => {
	if (ctx.user.user === 'banned') throw new LiveError('FORBIDDEN', 'You are banned.');
});

export const echo = live((_ctx, ...args: unknown[]) => args);

export const later = live(async (_ctx, value: unknown) => {
	await new Promise((resolve) => setImmediate(resolve));
	return value;
});

/** Goes on until its client cancels it or is gone. */
export const held = live(
	(ctx) =>
		new Promise((_, reject) => {
			ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
		})
);

export const nothing = live(() => undefined);

export const fail = live((_ctx, how: 'typed' | 'untyped' | 'null' | 'rejects' | 'cyclic' | 'bigint'): unknown => {
	if (how === 'typed')
		throw new LiveError('OUT_OF_STOCK', 'sold out', { issues: [{ path: ['count'], message: 'too many' }], retryAfter: 850 });
	if (how === 'untyped') throw new Error('the password is hunter2');
	// What an app may do by mistake.
	if (how === 'null') throw null;
	if (how === 'rejects') return Promise.reject(new Error('the password is hunter2'));
	if (how === 'bigint') return 1n;
	const cycle: unknown[] = [];
	cycle.push(cycle);
	return cycle;
});

/** Publishes, and only then answers. */
export const tell = live((ctx, topic: string, event: string, data: unknown) => {
	ctx.publish(topic, event, data);
	return 'told';
});

export const list = live.stream('wire-rows', () => [...rows.values()]);

export const put = live((ctx, row: Row) => {
	const event = rows.has(row.id) ? 'updated' : 'created';
	rows.set(row.id, row);
	ctx.publish('wire-rows', event, row);
});

export const clear = live((ctx) => {
	rows.clear();
	ctx.publish('wire-rows', 'refreshed', []);
});

export const broken = live.stream('wire-broken', () => {
	throw new Error('the password is hunter2');
});

export const closed = live.stream('wire-closed', () => [], { access: () => false });

export const newest = live.stream('wire-newest', () => [], { merge: 'latest', max: 3 });

const levels = new Map<string, number>();

/** How often it was computed for a name. */
export const level = live.derived(
	(name: string) => [`wire-level:${name}`],
	(_ctx, name) => {
		levels.set(name, (levels.get(name) ?? 0) + 1);
		return levels.get(name);
	}
);

/** How often something was published for each name. */
export const counts = live.aggregate(
	'wire-counted',
	{
		byName: {
			init: (): Record<string, number> => ({}),
			reduce: (counted, _event, name: string) => ({ ...counted, [name]: (counted[name] ?? 0) + 1 })
		}
	},
	{ topic: 'wire-counts', windows: { all: { type: 'lifetime' }, day: { type: 'tumbling', period: 'daily' } } }
);

/** Answers on another topic. */
export const echoes = live.effect(['wire-asked'], (event, data, platform) => void platform.publish('wire-echoes', event, data));
export const heard = live.channel('wire-echoes', { merge: 'latest' });

export const yearly = live.cron('0 0 1 1 *', 'wire-yearly', () => 'a year');

export const hidden = 'no definition';

/** Gives back what was uploaded, as text. */
export const upload = live.upload(async (ctx, ...args: unknown[]) => {
	const parts: Uint8Array[] = [];
	for await (const part of ctx.stream) parts.push(part);
	return { text: Buffer.concat(parts).toString(), args };
});

/** Reads nothing, and waits until it is given up. */
export const ignore = live.upload((ctx) => new Promise((resolve) => ctx.signal.addEventListener('abort', resolve)));

export const early = live.upload(() => 'early');

/** A room that everybody may enter but those who ask for `closed`; a person is a connection, because nobody has an id here. */
export const desk = live.room({
	topic: (_ctx, id: string) => `wire-desk:${id}`,
	topicArgs: 1,
	guard: (_ctx, id: string) => id !== 'closed',
	init: (_ctx, id: string) => [{ id: 'first', desk: id }],
	presence: (ctx) => ({ name: ctx.user.user }),
	cursors: { throttle: 0 },
	actions: {
		pin: (ctx, id: string, note: string) => {
			ctx.publish('created', { id: note, desk: id });
			return note;
		}
	}
});

/** Gives back bytes as numbers, and what stood beside them. */
export const bytes = live.binary((_ctx, data, ...args: unknown[]) => [[...new Uint8Array(data)], ...args], { maxSize: 1_000 });
