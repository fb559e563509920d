import type { Platform, Readable } from 'svelte-adapter-uws/contract';
import ask, { add, all, byId, count, empty, mine, one, own, pages, pings, recent, tagged } from '$live/todos';
import { desk, hall, put, safe, save } from '$live/rooms';
import { mine as myName, ofShop, open, sales, total } from '$live/reactive';
import * as reactive from '$live/reactive';
import {
	add as addWrapped,
	alone,
	everything,
	gated,
	gatedForAll,
	gatedNamed,
	gatedPipe,
	guarded,
	nested,
	news,
	nobody,
	notesSince,
	pay,
	rename,
	scopedStream,
	typing
} from '$live/wrapped';
import type { Todo } from './lib/store.ts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expect<_ extends true>(): void {}
declare const platform: Platform | undefined;

// Calls: arguments without ctx, optional and rest ones kept, results awaited once.
expect<Equal<Parameters<typeof add>, [text: string, urgent?: boolean]>>();
expect<Equal<ReturnType<typeof add>, Promise<Todo>>>();
expect<Equal<Parameters<typeof count>, number[]>>();
expect<Equal<ReturnType<typeof count>, Promise<number>>>();
expect<Equal<Awaited<ReturnType<typeof ask>>, 'default'>>();
add.fireAndForget('milk');
// @ts-expect-error -- a number is no text
void add(1);
// @ts-expect-error -- the text is missing
void add();

// Wrapped calls: what the schema takes, not what it gives; everything else as without the wrapper.
expect<Equal<Parameters<typeof addWrapped>, [input: { text: string; due: string }, urgent?: boolean]>>();
expect<Equal<ReturnType<typeof addWrapped>, Promise<Todo>>>();
expect<Equal<Parameters<typeof rename>, [org: string, name: string]>>();
expect<Equal<Parameters<typeof pay>, [input: { account: string }]>>();
expect<Equal<ReturnType<typeof pay>, Promise<number>>>();
expect<Equal<Parameters<typeof alone>, [input: { text: string; due: string }]>>();
expect<Equal<ReturnType<typeof alone>, Promise<Date>>>();
expect<Equal<Parameters<typeof nobody>, [input: { text: string; due: string }]>>();
expect<Equal<Parameters<typeof nested>, [input: { text: string; due: string }, count: number]>>();
expect<Equal<ReturnType<typeof nested>, Promise<string>>>();
expect<Equal<Parameters<typeof everything>, [input: { account: string }, note?: string]>>();
expect<Equal<ReturnType<typeof everything>, Promise<{ account: number; note: string | undefined }>>>();
const { signal } = new AbortController();
void everything.with({ signal, timeout: 5, idempotencyKey: 'k' })({ account: '1' });
// @ts-expect-error -- a controller is no signal
void everything.with({ signal: new AbortController() });
expect<Equal<Parameters<typeof guarded>, [list: string]>>();
expect<Equal<typeof scopedStream, typeof guarded>>();
expect<Equal<Parameters<typeof notesSince>, [input: { list: string; since: string }]>>();
const since: Readable<Todo[] | undefined> = notesSince({ list: 'a', since: '2026-01-01' });
void since;
const some: Readable<Todo[] | undefined> = guarded('a');
void some;
const headlines: Readable<{ headline: string } | undefined> = news;
expect<Equal<Parameters<typeof typing>, [room: string]>>();
void headlines;

// Streams: a store, or a factory where there are arguments.
const list: Readable<Todo[] | undefined> = all;
const single: Readable<Todo | null | undefined> = one(1);
expect<Equal<Parameters<typeof one>, [id: number]>>();
expect<Equal<Parameters<typeof mine>, [id: number]>>();
expect<Equal<Parameters<typeof recent>, [limit?: number]>>();
expect<Equal<Parameters<typeof byId>, [id: number]>>();
expect<Equal<Parameters<typeof tagged>, string[]>>();
expect<Equal<Parameters<typeof pings>, [room: string]>>();
const ownTodos: Readable<Todo[] | undefined> = own;
void ownTodos;
// @ts-expect-error -- an id is a number
byId('1');
// @ts-expect-error -- an id is a number
one('1');
// @ts-expect-error -- a stream without arguments is a store, not a function
all();
all.hydrate([]);
// @ts-expect-error -- what a stream is hydrated with is what it holds
all.hydrate([{ id: 'x' }]);

// Pages: the store shows the rows, and takes what was loaded.
const rows: Readable<Todo[] | undefined> = pages;
const loaded = await pages.load(platform);
expect<Equal<(typeof loaded)['cursor'], number>>();
pages.hydrate(loaded).hydrate(loaded.data);
// @ts-expect-error -- these are no rows
pages.hydrate({ data: ['x'], hasMore: true });
void rows;

// Rooms: what the configuration has, and nothing else.
const notes: Readable<{ id: string; text: string }[] | undefined> = desk.data('7');
const people: Readable<{ readonly key: string; readonly data: { nick: string } }[] | undefined> = desk.presence('7');
expect<Equal<Parameters<typeof desk.pin>, [id: string, note: string]>>();
expect<Equal<Awaited<ReturnType<typeof desk.pin>>, number>>();
desk.moveCursor('7', { x: 1 });
expect<Equal<Parameters<typeof hall.data>, []>>();
// @ts-expect-error -- a room without presence
void hall.presence;
// @ts-expect-error -- a room is named by a text
desk.data(7);
void [notes, people];
expect<Equal<Parameters<typeof save>, [bytes: ArrayBuffer | ArrayBufferView, name: string, alt?: string]>>();
expect<Equal<ReturnType<typeof save>, Promise<number>>>();
expect<Equal<typeof safe, typeof save>>();
// What runs without a client: values are streams, windows have one each, and the rest does not exist.
const openOrders: Readable<{ open: number } | undefined> = open;
expect<Equal<Parameters<typeof ofShop>, [shop: string, limit?: number]>>();
const orders: Readable<{ shop: string; total: number }[] | undefined> = ofShop('x');
const name: Readable<string | undefined> = myName;
const totals: Readable<{ readonly count: number; readonly label: string } | undefined> = total;
const lastHour: typeof totals = sales['last-hour'];
expect<Equal<keyof typeof sales, 'all' | 'last-hour'>>();
expect<Equal<keyof typeof reactive, 'empty' | 'mine' | 'ofShop' | 'open' | 'sales' | 'total'>>();
void [openOrders, orders, name, lastHour];
const uploading = put(new Blob([]), 'a.png');
expect<Equal<Awaited<typeof uploading>, { name: string; sizes: number[]; id: string }>>();
uploading.on('progress', ({ percent }) => percent?.toFixed());
// @ts-expect-error -- the name is missing
put(new Uint8Array(1));

// Loading on the server gives the same type; a fallback widens it.
async function load(): Promise<void> {
	const todos = await all.load(platform, { user: { id: '1', name: 'Ida' } });
	expect<Equal<typeof todos, Todo[]>>();
	const todo = await one.load(platform, { args: [1], fallback: undefined });
	expect<Equal<typeof todo, Todo | null | undefined>>();
	// @ts-expect-error -- arguments are those of the stream
	await one.load(platform, { args: ['1'] });
}
const nothing: Readable<undefined> = empty;
void [list, single, load, nothing];

// @ts-expect-error -- the guard is no export
import { _guard } from '$live/todos';
void _guard;

// A gate looks at the caller alone, or at the arguments as well, and leaves the stream what it is.
expect<Equal<typeof gated, typeof gatedPipe>>();
expect<Equal<Parameters<typeof gatedNamed>, [id: string]>>();
expect<Equal<typeof gatedForAll, typeof gatedNamed>>();
