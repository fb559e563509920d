import { expect, it } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { define } from '../define/definition.ts';
import { guard, live } from '../define/live.ts';
import type { Manifest } from '../manifest.ts';

const module = (path: string, exports: Record<string, unknown>) => ({ path, load: () => Promise.resolve(exports) });
const start = (manifest: Manifest, features?: Parameters<typeof createRuntime>[2]) =>
	createRuntime({}, undefined, { manifest, ...features });
const admins = guard((ctx) => ctx.user?.id === 'admin');

it('answers alike for what is private, what is no definition and what is not there', async () => {
	class Exported {}
	const exports = {
		_hidden: live(() => 1),
		_guard: guard(() => true),
		text: 'x',
		run: () => 1,
		Exported,
		shape: { kind: 'call', run: () => 'secret', steps: [] },
		none: undefined
	};
	await using server = await start([module('m', exports)]);
	const client = await server.connect('ida');
	const names = [...Object.keys(exports), '__proto__', 'constructor', 'toString', 'then', 'default', 'nowhere'];
	const replies = [];
	for (const name of names) replies.push(await client.ask({ rpc: `m/${name}`, id: name }));
	expect(replies).toEqual(names.map((id) => ({ id, ok: false, code: 'NOT_FOUND', error: 'Not found' })));
});

it('imports a module once for any number of calls that wait for it', async () => {
	let loads = 0;
	const loaded = Promise.withResolvers<Record<string, unknown>>();
	await using server = await start([{ path: 'a/b', load: () => (loads++, loaded.promise) }]);
	const client = await server.connect();
	const replies = ['1', '2', '3'].map((id) => client.ask({ rpc: 'a/b/f', id }));
	loaded.resolve({ f: live(() => 'here') });
	expect((await Promise.all(replies)).map(({ data }) => data)).toEqual(['here', 'here', 'here']);
	expect(loads).toBe(1);
});

it('puts the guard of a directory before those of all modules beside and below it', async () => {
	const order: string[] = [];
	const f = live(() => order.push('f'));
	const step = (name: string, verdict?: boolean) => guard(() => (order.push(name), verdict));
	await using server = await start([
		module('_guard', { _guard: step('root') }),
		module('a/_guard', { default: step('a') }),
		module('a/b/c', { f, _guard: step('own') }),
		module('a2/x', { f }),
		module('shut/_guard', { _guard: step('shut', false) }),
		module('shut/deep/er', { f })
	]);
	const client = await server.connect('ida');
	const calls = async (rpc: string) => {
		order.length = 0;
		const { code } = await client.ask({ rpc, id: rpc });
		return [...order, ...(code ? [code] : [])];
	};
	expect(await calls('a/b/c/f')).toEqual(['root', 'a', 'own', 'f']);
	expect(await calls('a2/x/f')).toEqual(['root', 'f']);
	expect(await calls('shut/deep/er/f')).toEqual(['root', 'shut', 'FORBIDDEN']);
	expect(await calls('_guard/_guard')).toEqual(['NOT_FOUND']);
});

it.each([
	[
		'a directory guard cannot be imported',
		[{ path: 'a/_guard', load: () => Promise.reject(new Error('typo')) }, module('a/m', { f: live(() => 'open') })]
	],
	['a directory guard exports none', [module('a/_guard', { guard: admins }), module('a/m', { f: live(() => 'open') })]],
	['_guard is something else', [module('a/m', { f: live(() => 'open'), _guard: () => false })]],
	['_guard only looks like one', [module('a/m', { f: live(() => 'open'), _guard: { kind: 'guard', checks: [] } })]]
] as [string, Manifest][])('opens nothing when %s, and reports it', async (_name, manifest) => {
	await using server = await start(manifest);
	expect(await (await server.connect()).ask({ rpc: 'a/m/f', id: '1' })).toMatchObject({ ok: false, code: 'INTERNAL_ERROR' });
	expect(server.errors).toHaveLength(1);
});

it('says which kind of definition nothing handles', async () => {
	await using server = await start([module('m', { odd: define({ kind: 'odd' }) })]);
	await server.runtime.ready();
	expect(server.errors).toEqual([['m', expect.objectContaining({ message: expect.stringMatching(/m\/odd.*kind odd/) })]]);
});

it('refuses what stands open where every module must be guarded, and nothing else', async () => {
	const f = live(() => 'here');
	const manifest = [
		module('guarded', { f, _guard: guard(() => true) }),
		module('shared/_guard', { _guard: guard(() => true) }),
		module('shared/below', { f, list: live.stream('list', () => []) }),
		module('public', { f: live.rateLimit({ points: 9, window: 1_000 }, live.public(f)) }),
		module('open', { f: live.public(f), g: f, list: live.stream('open', () => []) })
	];
	await using server = await start(manifest, { requireGuard: true });
	const client = await server.connect();
	const codes = [];
	for (const rpc of ['guarded/f', 'shared/below/f', 'public/f', 'open/f', 'open/g']) {
		codes.push((await client.ask({ rpc, id: rpc })).code);
	}
	expect(codes).toEqual([undefined, undefined, undefined, 'INTERNAL_ERROR', 'INTERNAL_ERROR']);
	await expect(server.runtime.readyToServe(true)).rejects.toThrow('nothing guards open/g, open/list. Export a _guard');
	await expect(server.runtime.readyToServe(false)).resolves.toBeUndefined();
});
