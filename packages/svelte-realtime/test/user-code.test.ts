import { describe, expect, it, vi } from 'vitest';
import { emptyApp } from '../src/define/app.ts';
import type { AppSettings } from '../src/define/app-settings.ts';
import type { Definition, Guard } from '../src/define/definition.ts';
import { guard, live } from '../src/define/live.ts';
import { pipe } from '../src/define/pipe.ts';
import { createRuntime } from './support.ts';

const SECRET = 'the password is hunter2';
function raise(value: unknown): never {
	throw value;
}
const trap = (): never => raise(new Error(SECRET));
const hostile = (): any =>
	new Proxy({}, { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap, getPrototypeOf: trap });

/** What an app may do instead of what it should. */
const FAILURES: Readonly<Record<string, () => any>> = {
	throws: trap,
	'throws null': () => raise(null),
	'throws a frozen error': () => raise(Object.freeze(new Error(SECRET))),
	'throws what throws when it is looked at': () => raise(hostile()),
	'gives a promise that rejects': () => Promise.reject(new Error(SECRET)),
	'gives a thenable whose then throws': () => ({ then: trap })
};

interface Place {
	readonly definition: Definition;
	readonly guard?: Guard;
	/** What its client asks for besides the path. */
	readonly ask?: object;
	readonly app?: Partial<AppSettings>;
	/** What the client hears of a failure; by default INTERNAL_ERROR. Success where the failure is nobody's business but the log's. */
	readonly hears?: string;
}

/** Code of an app that runs for one request, and misbehaves for `victim` alone. */
const places = (act: () => any): Readonly<Record<string, Place>> => {
	const badly = (ctx: { readonly user: any }, otherwise: unknown): any => (ctx.user.id === 'victim' ? act() : otherwise);
	let asking = { user: { id: '' } };
	const notes = (ctx: { readonly user: any }): boolean => ((asking = ctx), true);
	const rows = (): object[] => [{ id: 1 }];
	const stream = { stream: true };
	const call = live((_ctx, ...args: unknown[]) => args.length);
	const room = (more: object): Definition =>
		live.room({ topic: () => 'place', topicArgs: 0, init: rows, ...more } as never) as never;
	return {
		'a guard': { guard: guard((ctx) => badly(ctx, true)), definition: call, hears: 'FORBIDDEN' },
		'a call': { definition: live((ctx) => badly(ctx, 'fine')) },
		'a schema': {
			definition: live.validated(
				{ '~standard': { version: 1, vendor: 'x', validate: (value: any) => (value === 'bad' ? act() : { value }) } } as never,
				call as never
			) as never,
			ask: { args: ['bad'] }
		},
		'a predicate': { definition: live.scoped(((ctx: any) => badly(ctx, true)) as never, call) },
		'the key of a lock': { definition: live.lock((ctx: any) => badly(ctx, 'key'), call) },
		'the key of a limit': {
			definition: live.rateLimit({ points: 9, window: 1_000, key: (ctx: any) => badly(ctx, 'key') } as never, call)
		},
		'the key of an idempotent call': {
			definition: live.idempotent({ keyFrom: (ctx: any) => badly(ctx, undefined) } as never, call)
		},
		'the topic of a stream': {
			definition: live.stream((ctx: any, _id: string) => badly(ctx, 'place'), rows) as never,
			ask: { ...stream, args: ['1'] }
		},
		'a loader': { definition: live.stream('place', (ctx) => badly(ctx, rows())), ask: stream },
		'access to a stream': { definition: live.stream('place', rows, { access: (ctx) => badly(ctx, true) }), ask: stream },
		'a gate': {
			definition: live.gate(((ctx: any) => badly(ctx, true)) as never, live.stream('place', rows)) as never,
			ask: stream
		},
		'a filter': {
			definition: pipe(
				live.stream('place', rows),
				pipe.filter((ctx: any) => badly(ctx, true))
			) as never,
			ask: stream
		},
		'a transform': {
			definition: live.stream('place', (ctx) => [ctx.user.id], { transform: (id) => badly({ user: { id } }, id) }),
			ask: stream
		},
		'a class of service': {
			definition: live.stream('place', rows, { classOfService: 'low', access: notes }),
			ask: stream,
			app: { admission: { classes: { low: () => badly(asking, false) } } }
		},
		'a breaker': {
			definition: live.scoped(
				notes,
				live.breaker({ breaker: { isOpen: () => badly(asking, false), success() {}, failure() {} } }, call)
			)
		},
		'onSubscribe of a stream': {
			definition: live.stream('place', rows, { onSubscribe: (ctx) => badly(ctx, undefined) }),
			ask: stream,
			hears: 'success'
		},
		'the guard of a room': {
			definition: room({ guard: (ctx: any) => badly(ctx, true) }),
			ask: { ...stream, part: '__data' },
			hears: 'FORBIDDEN'
		},
		'init of a room': { definition: room({ init: (ctx: any) => badly(ctx, rows()) }), ask: { ...stream, part: '__data' } },
		'presence of a room': { definition: room({ presence: (ctx: any) => badly(ctx, {}) }), ask: { ...stream, part: '__data' } },
		'onJoin of a room': {
			definition: room({ onJoin: (ctx: any) => badly(ctx, undefined) }),
			ask: { ...stream, part: '__data' },
			hears: 'success'
		},
		'an action of a room': {
			definition: room({ actions: { act: (ctx: any) => badly(ctx, 'fine') } }),
			ask: { part: '__action/act' }
		}
	};
};

describe.each(Object.keys(FAILURES))('code of an app that %s', (how) => {
	it.each(Object.keys(places(trap)))('as %s hurts its caller alone, who hears nothing of why', async (where) => {
		const { definition, guard: gate, ask = {}, app = {}, hears = 'INTERNAL_ERROR' } = places(FAILURES[how]!)[where]!;
		const { part, ...request } = ask as { part?: string };
		await using server = await createRuntime({ 'm/place': definition }, gate, { app: { ...emptyApp(), ...app } });
		const rpc = part ? `m/place/${part}` : 'm/place';
		const victim = await server.connect('victim');
		const answer = await victim.ask({ rpc, id: '1', args: [], ...request });
		expect(answer.ok ? 'success' : answer.code).toBe(hears);
		expect(JSON.stringify(victim.frames)).not.toContain('hunter2');
		// A guard that throws denies, which is no failure.
		if (hears !== 'FORBIDDEN') await vi.waitFor(() => expect(server.errors).toHaveLength(1));
		await victim.leave();
		const other = await server.connect('other');
		expect(
			await other.ask({ rpc, id: '2', args: ['1'], ...request, ...(where === 'a schema' ? { args: ['good'] } : {}) })
		).toMatchObject({ ok: true });
		expect([...server.runtime.assertions]).toEqual([]);
	});
});
