import { getEventListeners } from 'node:events';
import { expect, it, vi } from 'vitest';
import { settle, startCore, upgradeRequest } from '../../test/support/core.ts';
import { raise } from '../../test/support/failures.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { AdmissionOptions } from './admission.ts';

const OFF: AdmissionOptions = { maxConcurrent: 0, perTickBudget: 0, maxConnections: 0 };
const start = (hooks: WebSocketHooks, admission: Partial<AdmissionOptions>) =>
	startCore(hooks, { options: { admission: { ...OFF, ...admission } } });
const FULL = { accept: false, status: 503, body: 'The server is at its upgrade capacity' };

it('refuses a handshake above maxConcurrent before the hook runs', async () => {
	const decide: ((value: object | false) => void)[] = [];
	const upgrade = vi.fn<() => Promise<object | false>>(() => new Promise((resolve) => void decide.push(resolve)));
	const core = await start({ upgrade }, { maxConcurrent: 2 });
	const pending = [core.upgrade(), core.upgrade()];
	expect(await core.upgrade()).toEqual(FULL);
	expect(upgrade).toHaveBeenCalledTimes(2);
	decide[0]!(false);
	expect(await pending[0]).toMatchObject({ status: 401 });
	const third = core.upgrade();
	await settle();
	expect(upgrade).toHaveBeenCalledTimes(3);
	decide[1]!({});
	decide[2]!({});
	expect(await Promise.all([pending[1], third])).toMatchObject([{ accept: true }, { accept: true }]);
});

it.each<[string, WebSocketHooks['upgrade'], number]>([
	['refuses', () => false, 401],
	['refuses later', async () => false, 401],
	['throws', () => raise(new Error('no')), 500],
	['rejects', async () => raise(new Error('no')), 500],
	['gives a thenable whose then throws', () => ({ then: () => raise(null) }) as never, 500]
])('frees the slot once when the hook %s', async (_how, upgrade, status) => {
	const core = await start({ upgrade: upgrade! }, { maxConcurrent: 1 });
	for (let i = 0; i < 3; i++) expect(await core.upgrade()).toMatchObject({ status });
});

it('frees the slot when the hook is too slow, and not again when it answers', async () => {
	const decide: ((value: object) => void)[] = [];
	const core = await start({ upgrade: () => new Promise((resolve) => void decide.push(resolve)) }, { maxConcurrent: 1 });
	const slow = core.upgrade();
	await settle();
	core.clock.pass(10_000);
	expect(await slow).toMatchObject({ status: 504 });
	const next = core.upgrade();
	decide[0]!({});
	await settle();
	expect(await core.upgrade()).toEqual(FULL);
	decide[1]!({});
	expect(await next).toMatchObject({ accept: true });
});

it('frees the slot when the origin or the rate refuses', async () => {
	const core = await startCore(
		{},
		{
			options: {
				admission: { ...OFF, maxConcurrent: 1 },
				upgradeRate: { limit: 2, windowMs: 10_000 },
				origin: { allowed: [], expectedOrigin: () => undefined }
			}
		}
	);
	const statuses: unknown[] = [];
	for (let i = 0; i < 4; i++) statuses.push(await core.upgrade());
	expect(statuses).toMatchObject([{ status: 403 }, { status: 403 }, { status: 429 }, { status: 429 }]);
	expect(statuses[3]).toEqual({
		accept: false,
		status: 429,
		body: 'Too many upgrade requests',
		headers: [['retry-after', '10']]
	});
});

it.each(['before', 'while', 'after'] as const)('frees the slot when the client leaves %s the decision', async (when) => {
	const core = await start({ upgrade: async () => ({}) }, { maxConcurrent: 1 });
	const client = new AbortController();
	if (when === 'before') client.abort();
	const decision = core.upgrade(upgradeRequest({}, client.signal));
	if (when === 'while') client.abort();
	await decision;
	client.abort();
	expect(await core.upgrade()).toMatchObject({ accept: true });
	expect(getEventListeners(client.signal, 'abort')).toEqual([]);
});

it('counts open sockets, and handshakes that may become one, against maxConnections', async () => {
	const core = await start({ upgrade: async () => ({}) }, { maxConnections: 2 });
	const first = await core.connect();
	const second = core.upgrade();
	expect(await core.upgrade()).toEqual(FULL);
	const decision = await second;
	expect(await core.upgrade()).toEqual(FULL);
	core.open(decision.accept ? decision.data : expect.unreachable());
	expect(await core.upgrade()).toEqual(FULL);
	first.leave();
	expect(await core.upgrade()).toMatchObject({ accept: true });
});

it('hands over as many as the budget of a turn, the others later in their order', async () => {
	const core = await start({}, { perTickBudget: 2 });
	const done: number[] = [];
	for (const n of [1, 2, 3, 4, 5]) void core.upgrade().then(() => done.push(n));
	await settle();
	expect(done).toEqual([1, 2]);
	core.clock.turn();
	await settle();
	expect(done).toEqual([1, 2, 3, 4]);
	core.clock.turn();
	await settle();
	expect(done).toEqual([1, 2, 3, 4, 5]);
	core.clock.turn();
	expect(core.clock.busy).toBe(false);
});

it('gives the turn of a client that has left to the next one', async () => {
	const core = await start({}, { perTickBudget: 1 });
	const client = new AbortController();
	const done: number[] = [];
	void core.upgrade().then(() => done.push(1));
	void core.upgrade(upgradeRequest({}, client.signal)).then(() => done.push(2));
	void core.upgrade().then(() => done.push(3));
	client.abort();
	core.clock.turn();
	await settle();
	expect(done).toEqual([1, 2, 3]);
});
