import { expect, it } from 'vitest';
import { parseLiveModule, type ReadModule } from './parse.ts';

const nothing: ReadModule = () => undefined;
const parse = (code: string, read = nothing) => parseLiveModule('todos', '/app/src/live/todos.ts', code, read);
const IMPORT = `import { live, guard } from 'svelte-realtime/server';\n`;

it('finds calls and streams however they are written', () => {
	const { exports, findings } = parse(`
		import { live as expose, guard } from 'svelte-realtime';
		import * as rt from 'svelte-realtime/server';
		export const _guard = guard({ authenticated: true });
		export const add: unknown = expose<[string], number>(async (ctx, text: string) => 1);
		const hidden = rt.live(async () => 2) satisfies object;
		export { hidden as shown };
		export const list = expose.stream('todos', async (ctx) => [], { merge: 'latest', max: 20 });
		export default expose(() => 3);
	`);
	expect(findings).toEqual([]);
	expect(exports).toEqual([
		{ kind: 'guard', name: '_guard' },
		{ kind: 'call', name: 'add' },
		{ kind: 'call', name: 'shown' },
		{ kind: 'stream', name: 'list', dynamic: false, options: { merge: 'latest', max: 20 } },
		{ kind: 'call', name: 'default' }
	]);
});

it('takes comments, strings and functions of other packages for what they are', () => {
	const { exports, findings } = parse(`
		import { live } from './mine.js';
		// export const a = live(() => 1);
		const text = 'export const b = live(() => 1)';
		export const c = live(() => 1);
		export type D = string;
		export const plain = 1;
	`);
	expect(exports).toEqual([]);
	expect(findings.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
});

it('calls a stream dynamic when its topic or its loader takes arguments', () => {
	const { exports } = parse(`${IMPORT}
		export const _guard = guard(() => true);
		export const a = live.stream((ctx, id: string) => 'n:' + id, async (ctx, id) => []);
		export const b = live.stream((ctx) => 'me:' + ctx.user.id, async (ctx) => []);
		export const c = live.stream((ctx, ...ids) => ids.join(), load);
		export const d = live.stream(TOPIC, load);
		const TOPIC = 'd';
		async function load(ctx, page = 1) { return []; }
	`);
	expect(exports.flatMap((entry) => (entry.kind === 'stream' ? [[entry.name, entry.dynamic]] : []))).toEqual([
		['a', true],
		['b', false],
		['c', true],
		['d', true]
	]);
});

it('finds wrapped calls, and channels by their topic and options', () => {
	const { exports, findings } = parse(`${IMPORT}
		export const _guard = guard(() => true);
		const inner = live.scoped(mine, (ctx, id) => id);
		export const add = live.rateLimit({ points: 5, window: 1000 }, live.validated(Todo, inner));
		export const news = live.channel('news');
		export const typing = live.channel((ctx, room) => 'typing:' + room, { merge: 'presence' });
		export const mine = live.channel((ctx) => 'of:' + ctx.user.id);
	`);
	expect(findings).toEqual([]);
	expect(exports.slice(1)).toEqual([
		{ kind: 'call', name: 'add' },
		{ kind: 'stream', name: 'news', dynamic: false, options: { merge: 'set' } },
		{ kind: 'stream', name: 'typing', dynamic: true, options: { merge: 'presence' }, topicCtx: true },
		{ kind: 'stream', name: 'mine', dynamic: false, options: { merge: 'set' }, topicCtx: true }
	]);
	expect(parse(`${IMPORT} export const x = live.channel(TOPICS.x);`).findings[0]).toMatchObject({
		level: 'error',
		message: expect.stringContaining('cannot tell whether the channel takes arguments')
	});
});

it('warns of a module without a guard unless all that it exports is public', () => {
	const warns = (code: string): boolean[] =>
		parse(IMPORT + code).findings.map(({ message }) => message.includes('has no _guard'));
	expect(warns(`export const a = live.public(() => 1); export const b = live.scoped(p, live.public(() => 1));`)).toEqual([]);
	expect(warns(`export const a = live.public(() => 1); export const b = live(() => 1);`)).toEqual([true]);
	expect(warns(`export const a = live.public(() => 1); export const b = live.channel('b');`)).toEqual([true]);
});

it('finds what takes bytes in whatever it is wrapped', () => {
	const { exports } = parse(`${IMPORT}
		const save = live.binary((ctx, data, name) => name, { maxSize: 9 });
		export { save };
		export const wrapped = live.rateLimit({ points: 1, window: 1 }, live.public(save));
		export const put = live.upload(async (ctx) => ctx.upload.id);
	`);
	expect(exports).toEqual([
		{ kind: 'binary', name: 'save' },
		{ kind: 'binary', name: 'wrapped', public: true },
		{ kind: 'upload', name: 'put' }
	]);
});

it('finds what runs without a client, which needs no guard', () => {
	const { exports, findings } = parse(`${IMPORT}
		export const tidy = live.cron('0 3 * * *', 'tidy', () => {}, { tz: 'Europe/Berlin' });
		export const mail = live.effect(['orders'], send);
	`);
	expect([exports, findings]).toEqual([
		[
			{ kind: 'internal', name: 'tidy' },
			{ kind: 'internal', name: 'mail' }
		],
		[]
	]);
});

it('calls a derived value dynamic when its sources or its function take arguments', () => {
	const { exports, findings } = parse(`${IMPORT}
		export const _guard = guard(() => true);
		const LIST = ['a'];
		export const a = live.derived(LIST, () => 1);
		export const b = live.derived((shop) => ['a:' + shop], async (ctx, shop) => 1, { merge: 'crud' });
		export const c = live.derived((...shops) => shops, load);
		export const d = live.derived(() => ['a'], (ctx) => 1, { perUser: true });
		export const e = live.derived(sources, (ctx, shop) => 1);
		import { load, sources } from '$lib/shops';
	`);
	expect(findings).toEqual([]);
	expect(exports.flatMap((entry) => (entry.kind === 'stream' ? [[entry.name, entry.dynamic, entry.options.merge]] : []))).toEqual(
		[
			['a', false, 'set'],
			['b', true, 'crud'],
			['c', true, 'set'],
			['d', false, 'set'],
			['e', true, 'set']
		]
	);
});

it('finds the windows of an aggregate', () => {
	const { exports, findings } = parse(`${IMPORT}
		export const _guard = guard(() => true);
		const windows = { all: { type: 'lifetime' }, 'last-hour': HOUR };
		export const plain = live.aggregate('orders', reducers, { topic: 'sales' });
		export const sales = live.aggregate('orders', reducers, { topic: 'sales', windows });
	`);
	expect(findings).toEqual([]);
	expect(exports.slice(1)).toEqual([
		{ kind: 'stream', name: 'plain', dynamic: false, options: { merge: 'set' } },
		{ kind: 'windows', name: 'sales', windows: ['all', 'last-hour'] }
	]);
});

it('sees what a room has by its configuration', () => {
	const { exports, findings } = parse(`${IMPORT}
		export const _guard = guard(() => true);
		const actions = { pin(ctx, id) {}, 'un_pin': async (ctx, id) => 1 };
		export const desk = live.room({ topic: (ctx, id) => 'd:' + id, topicArgs: 1, init, presence: (ctx) => 1, cursors: { throttle: 9 }, actions, merge: 'latest' });
		export const bare = live.room({ topic, init, cursors: false, presence: undefined });
	`);
	expect(findings).toEqual([]);
	expect(exports.slice(1)).toEqual([
		{ kind: 'room', name: 'desk', shape: { merge: 'latest', presence: true, cursors: true, actions: ['pin', 'un_pin'] } },
		{ kind: 'room', name: 'bare', shape: {} }
	]);
	for (const config of ['CONFIG', '{ ...rest }', '{ actions: { ...rest } }'])
		expect(parse(`${IMPORT} export const x = live.room(${config});`).findings[0]).toMatchObject({
			level: 'error',
			message: expect.stringContaining('cannot tell')
		});
});

it('follows re-exports into other files, and circles among them to an end', () => {
	const files: Record<string, string> = {
		'./shared': `${IMPORT} export const one = live(() => 1); export const two = live(() => 2); export * from './todos';`,
		'./todos': `export * from './shared';`
	};
	const read: ReadModule = (from) => (files[from] ? { file: `/app/src/live/${from.slice(2)}.ts`, code: files[from] } : undefined);
	const { exports } = parse(
		`export { one as first } from './shared'; import { two } from './shared'; export { two }; export * from './shared';`,
		read
	);
	expect(exports.map(({ name }) => name)).toEqual(['first', 'two', 'one']);
});

it.each([
	['live.stream(TOPIC, load)', /cannot tell whether the stream takes arguments/],
	['live.derived(TOPIC, load)', /cannot tell whether the derived value takes arguments/],
	['live.aggregate("a", {}, TOPIC)', /cannot tell which windows/],
	['live.aggregate("a", {}, { windows: TOPIC })', /cannot tell which windows/],
	['live.chron("* * * * *", "t", () => 1)', /live\.chron does not exist/]
])('refuses %s with a sentence', (code, message) => {
	const { findings } = parse(`${IMPORT} import { TOPIC, load } from '$lib/topics'; export const x = ${code};`);
	expect(findings.filter(({ level }) => level === 'error').map((finding) => finding.message)).toEqual([
		expect.stringMatching(message)
	]);
});

it('reserves names that start with an underscore and guards for _guard', () => {
	const { findings, exports } = parse(
		`${IMPORT} export const _x = live(() => 1); export const y = guard(() => true); export const z = live(() => 1);`
	);
	expect(exports.map(({ name }) => name)).toEqual(['z']);
	expect(findings.filter(({ level }) => level === 'error')).toHaveLength(2);
});

it('warns about a module that nobody guards', () => {
	const { findings } = parse(`${IMPORT} export const x = live(() => 1);`);
	expect(findings).toEqual([{ level: 'warn', message: expect.stringContaining('has no _guard'), offset: 0 }]);
});

it('reports a text that does not parse with its file', () => {
	expect(() => parse(`export const x = live((`)).toThrow(/todos\.ts/);
});

it('finds streams in gates and pipes, and keeps what is known of them', () => {
	const { exports, findings } = parse(`
		import { guard, live, pipe } from 'svelte-realtime/server';
		export const _guard = guard({ authenticated: true });
		export const a = live.gate((ctx) => true, live.stream('a', () => [], { key: 'no', version: 3 }));
		const rows = live.stream((ctx, id) => id, () => []);
		export const b = pipe(live.gate(() => true, rows), pipe.limit(3));
		export const c = live.gate(() => true, live.channel((ctx) => 'c', { merge: 'latest' }));
	`);
	expect(findings).toEqual([]);
	expect(exports.slice(1)).toEqual([
		{ kind: 'stream', name: 'a', dynamic: false, options: { key: 'no', version: 3 } },
		{ kind: 'stream', name: 'b', dynamic: true, options: {}, topicCtx: true },
		{ kind: 'stream', name: 'c', dynamic: false, options: { merge: 'latest' }, topicCtx: true }
	]);
	expect(parse(`import { live } from 'svelte-realtime'; export const d = live.gate(() => true, 7);`).findings[0]).toMatchObject({
		level: 'error'
	});
});

it.each([
	['(ctx) => "t"', false, true],
	['(org) => "t"', true, false],
	['(c: LiveContext<User>) => "t"', false, true],
	['(c: Ctx) => "t"', false, true],
	['(c, org) => "t"', true, true],
	['({ org }) => "t"', true, false],
	['(...all) => "t"', true, false],
	['(org = "x") => "t"', true, false],
	['() => "t"', false, false]
])('decides whether the topic function %s takes ctx', (topic, dynamic, topicCtx) => {
	const { exports } = parse(`import { live } from 'svelte-realtime'; export const s = live.stream(${topic}, () => []);`);
	expect(exports).toMatchObject([{ dynamic, topicCtx }]);
});

it('says which topic functions are easy to mistake', () => {
	const doubts = (topic: string, options = '') =>
		parse(
			`import { live, guard } from 'svelte-realtime'; export const _guard = guard({ authenticated: true }); export const s = live.stream(${topic}, () => []${options});`
		).findings.map(({ message }) => message);
	expect(doubts('(c, org) => "t"')).toEqual([expect.stringContaining('Name it ctx')]);
	expect(doubts('({ user }) => "t"')).toEqual([expect.stringContaining('topicCtx')]);
	expect(doubts('({ user }) => "t"', ', { topicCtx: true }')).toEqual([]);
	expect(doubts('(ctx, org) => "t"')).toEqual([]);
});

it('sees the stream in wrappers that take one', () => {
	const code = `import { live } from 'svelte-realtime/server';
		const rows = live.stream((ctx, id) => 'rows:' + id, () => [], { max: 5 });
		export const a = live.scoped((ctx) => true, live.breaker({ breaker }, rows));
		export const b = live.scoped((ctx) => true, () => 1);`;
	expect(parse(code).exports).toEqual([
		{ kind: 'stream', name: 'a', dynamic: true, options: { max: 5 }, topicCtx: true },
		{ kind: 'call', name: 'b' }
	]);
});

it('sees streams in every wrapper in any order, and loaders in theirs', () => {
	const { exports, findings } = parse(`
		import { live, pipe } from 'svelte-realtime';
		const rows = live.stream((ctx, id) => 'rows:' + id, () => [], { max: 5 });
		export const a = live.validated(Schema, live.lock('k', live.rateLimit(rule, rows)));
		export const b = live.gate(who, pipe(live.public(rows), pipe.limit(3)));
		export const c = live.stream('c', live.breaker(options, live.idempotent({ keyFrom }, async (ctx, id) => [])), { merge: 'set' });
		export const d = live.stream('d', live(load));
		const load = async () => [];
		export const e = live.rateLimit(rule, live.public(() => rows));
	`);
	expect(exports).toEqual([
		{ kind: 'stream', name: 'a', dynamic: true, options: { max: 5 }, topicCtx: true },
		{ kind: 'stream', name: 'b', dynamic: true, options: { max: 5 }, topicCtx: true, public: true },
		{ kind: 'stream', name: 'c', dynamic: true, options: { merge: 'set' } },
		{ kind: 'stream', name: 'd', dynamic: false, options: {} },
		{ kind: 'call', name: 'e', public: true }
	]);
	expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining('has no _guard')]);
});
