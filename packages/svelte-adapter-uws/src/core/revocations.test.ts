import { describe, expect, it, vi } from 'vitest';
import { settle, startCore, upgradeRequest } from '../../test/support/core.ts';
import type { Connection, UpgradeTerms } from '../contract/connection.ts';
import type { Match, Question } from '../contract/peers.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import { upgradeResponse } from '../upgrade-response.ts';
import { LIMITS } from './limits.ts';

/** User and session come as headers. */
const upgrade: NonNullable<WebSocketHooks['upgrade']> = ({ headers: { user, session } }) =>
	upgradeResponse({ user }, {}, session === undefined ? {} : { session });

describe('revoke', () => {
	it('closes whom it concerns with 4401, and nobody else', async () => {
		const { platform, join } = await startCore({ upgrade });
		const clients = [
			await join({ user: 'a', session: '1' }),
			await join({ user: 'a', session: '2' }),
			await join({ user: 'b', session: '3' })
		];
		const closed = () => clients.map(({ socket }) => socket.closed);
		expect(await platform.revoke({ session: '2' })).toBe(1);
		expect(closed()).toEqual([undefined, [4401, 'Session revoked'], undefined]);
		expect(await platform.revoke({ user: 'a' })).toBe(1);
		expect(closed()).toEqual([[4401, 'Session revoked'], [4401, 'Session revoked'], undefined]);
		expect(await platform.revoke({ user: 'nobody' })).toBe(0);
		expect(platform.connections).toBe(1);
	});

	it('needs every field to be equal', async () => {
		const { platform, join } = await startCore({ upgrade });
		await join({ user: '7', session: '1' });
		for (const match of [{ user: 7 }, { user: '7', session: '2' }, { user: '7', role: null }, { constructor: 'x' }])
			expect(await platform.revoke(match)).toBe(0);
		expect(await platform.revoke({ user: '7', session: '1' })).toBe(1);
	});

	it('takes a session out of the user data where upgradeResponse names none', async () => {
		const { platform, join } = await startCore({ upgrade: () => ({ session: 's' }) });
		await join();
		expect(await platform.revoke({ session: 's' })).toBe(1);
	});

	it.each<[unknown, string]>([
		[{}, 'match: got no fields, which would be everybody. Name a field, for example { user: 7 }.'],
		[null, 'match: got no fields'],
		[undefined, 'match: got no fields'],
		[{ user: undefined }, 'match.user: got undefined, expected a string, number, boolean or null.'],
		[{ user: {} }, 'match.user: got object']
	])('refuses %j and closes nobody', async (match, message) => {
		const { platform, join } = await startCore({ upgrade });
		await join({ user: 'a' });
		await expect(platform.revoke(match as Match)).rejects.toThrow(new RegExp(`^${message.replaceAll(/[.{}]/g, '\\$&')}`));
		expect(platform.connections).toBe(1);
	});

	it('delivers what was published before, and nothing that comes after', async () => {
		const close = vi.fn<NonNullable<WebSocketHooks['close']>>((_ws, context) => {
			context.platform.publish('news', 'left', context.id);
			context.platform.sendTo(() => true, 'news', 'told', context.id);
		});
		const message = vi.fn<() => void>();
		const { platform, join } = await startCore({ upgrade, close, message });
		const clients = [await join({ user: 'a' }), await join({ user: 'a' })];
		for (const client of clients) client.say({ type: 'subscribe', topic: 'news', ref: 1 });
		for (const client of clients) client.heard();
		platform.publish('news', 'before', 1);
		const revoked = platform.revoke({ user: 'a' });
		platform.publish('news', 'after', 2);
		platform.sendTo(() => true, 'news', 'after', 3);
		for (const client of clients) client.say('more');
		expect(await revoked).toBe(2);
		for (const client of clients) expect(client.heard().map(({ event }) => event)).toEqual(['before']);
		expect(message).not.toHaveBeenCalled();
		expect(close).toHaveBeenCalledTimes(2);
		for (const [, context] of close.mock.calls) expect([context.code, [...context.subscriptions]]).toEqual([4401, ['news']]);
		expect(platform.subscribers('news')).toBe(0);
	});

	it('drops what a hook goes on to do', async () => {
		let decide = (): void => {};
		const { platform, join } = await startCore({ upgrade, subscribe: () => new Promise<void>((resolve) => (decide = resolve)) });
		const client = await join({ user: 'a' });
		client.say({ type: 'subscribe', topic: 'news', ref: 1 });
		await platform.revoke({ user: 'a' });
		decide();
		await settle();
		expect([client.heard(), platform.subscribers('news')]).toEqual([[], 0]);
	});

	it.each(['deciding', 'decided'] as const)('keeps out whom the hook is %s about', async (state) => {
		let decide = (_: object): void => {};
		const open = vi.fn<() => void>();
		const close = vi.fn<() => void>();
		const core = await startCore({ upgrade: () => new Promise((resolve) => (decide = resolve)), open, close });
		const decision = core.upgrade(upgradeRequest({ user: 'a' }));
		if (state === 'decided') {
			decide({ user: 'a' });
			await decision;
		}
		await core.platform.revoke({ user: 'a' });
		decide({ user: 'a' });
		const accepted = await decision;
		const late = core.open(accepted.accept ? accepted.data : expect.unreachable());
		expect(late.socket.closed).toEqual([4401, 'Session revoked']);
		expect([open.mock.calls, close.mock.calls, core.platform.connections]).toEqual([[], [], 0]);
	});

	it('lets whom it closed in again, once the app does, at the same time of the clock', async () => {
		const { platform, join } = await startCore({ upgrade });
		await join({ user: 'a' });
		await platform.revoke({ user: 'a' });
		expect((await join({ user: 'a' })).socket.closed).toBeUndefined();
	});

	it('remembers so many revocations and no more, and lets nobody in about whom it does not know', async () => {
		const { platform, upgrade: decide, open, telemetry } = await startCore({ upgrade });
		const accepted = await decide(upgradeRequest({ user: 'user5' }));
		for (let i = 0; i < LIMITS.recentRevocations; i++) await platform.revoke({ user: `user${i}` });
		const other = await decide(upgradeRequest({ user: 'other' }));
		expect(telemetry.events).toEqual([]);
		await platform.revoke({ user: 'one more' });
		expect(telemetry.events.filter(({ name }) => name === 'limit.recentRevocations')).toHaveLength(1);
		const late = (decision: typeof accepted) => open(decision.accept ? decision.data : expect.unreachable()).socket.closed;
		expect([late(accepted), late(other)]).toEqual([[1012, 'The handshake took too long'], undefined]);
	});

	it('forgets a revocation once no handshake can have begun before it', async () => {
		const { platform, clock, upgrade: decide, open } = await startCore({ upgrade });
		const accepted = await decide(upgradeRequest({ user: 'a' }));
		await platform.revoke({ user: 'b' });
		clock.pass(20_000);
		await platform.revoke({ user: 'c' });
		expect(open(accepted.accept ? accepted.data : expect.unreachable()).socket.closed).toEqual([
			1012,
			'The handshake took too long'
		]);
	});

	it('reaches the other nodes, and adds up what they closed', async () => {
		const asked: Question[] = [];
		let answer = (_: Question): number => 0;
		const peers = {
			answer: (reply: (question: Question) => number) => ((answer = reply), { [Symbol.dispose]() {} }),
			ask: async (question: Question) => (asked.push(question), [2, 3]),
			tell: () => {},
			heed: () => ({ [Symbol.dispose]() {} })
		};
		const { platform, join } = await startCore({ upgrade }, { peers });
		await join({ user: 'a' });
		const client = await join({ user: 'b' });
		expect(await platform.revoke({ user: 'a' })).toBe(6);
		expect(asked).toEqual([{ about: 'revoke', match: { user: 'a' } }]);
		expect(answer({ about: 'revoke', match: { user: 'b' } })).toBe(1);
		expect(client.socket.closed).toEqual([4401, 'Session revoked']);
	});
});

describe('expiresAt', () => {
	const until =
		(expiresAt: unknown): NonNullable<WebSocketHooks['upgrade']> =>
		() =>
			upgradeResponse({}, {}, { expiresAt: expiresAt as number });

	it.each([
		['a Date', (ms: number) => new Date(ms)],
		['milliseconds', (ms: number) => ms]
	])('closes with 4401 on time, given %s', async (_what, form) => {
		vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
		const close = vi.fn<() => void>();
		const { join, clock } = await startCore({ upgrade: until(form(1_060_000)), close });
		vi.restoreAllMocks();
		const client = await join().catch(() => undefined);
		expect(client).toBeUndefined();
		vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
		const there = await join();
		clock.pass(59_999);
		expect(there.socket.closed).toBeUndefined();
		clock.pass(1);
		expect(there.socket.closed).toEqual([4401, 'Session expired']);
		expect([close.mock.calls.length, clock.pending]).toEqual([1, 0]);
		vi.restoreAllMocks();
	});

	it('leaves no timer behind a connection that ends before', async () => {
		const { join, clock } = await startCore({ upgrade: until(Date.now() + 60_000) });
		const client = await join();
		expect(clock.pending).toBe(1);
		client.leave();
		expect(clock.pending).toBe(0);
	});

	it('needs no timer for ever', async () => {
		for (const expiresAt of [undefined, Infinity]) {
			const { join, clock } = await startCore({ upgrade: until(expiresAt) });
			await join();
			expect(clock.pending).toBe(0);
		}
	});

	it.each([0, Date.now(), -Infinity, new Date(0)])('refuses with 401 what is over: %s', async (expiresAt) => {
		const { upgrade: decide } = await startCore({ upgrade: until(expiresAt) });
		expect(await decide()).toMatchObject({ accept: false, status: 401 });
	});

	it.each([NaN, new Date(NaN), '2030-01-01', null, {}])('refuses with 500 what is no time: %s', async (expiresAt) => {
		const { upgrade: decide, log } = await startCore({ upgrade: until(expiresAt) });
		expect(await decide()).toMatchObject({ accept: false, status: 500 });
		expect(log.lines).toHaveLength(1);
	});

	it.each([null, {}, true])('refuses with 500 what is no session: %s', async (session) => {
		const { upgrade: decide } = await startCore({ upgrade: () => upgradeResponse({}, {}, { session: session as never }) });
		expect(await decide()).toMatchObject({ accept: false, status: 500 });
	});
});

describe('renew', () => {
	async function start(terms: UpgradeTerms) {
		let ws: Connection | undefined;
		const core = await startCore({ upgrade: () => upgradeResponse({}, {}, terms), open: (opened) => void (ws = opened) });
		const client = await core.join();
		return { ...core, client, renew: (next: UpgradeTerms) => core.platform.renew(ws!, next) };
	}

	it('moves the end of a connection, and keeps its session', async () => {
		const { renew, client, clock, platform } = await start({ session: 's', expiresAt: Date.now() + 60_000 });
		expect(renew({ expiresAt: Date.now() + 120_000 })).toBe(true);
		expect(clock.pending).toBe(1);
		clock.pass(61_000);
		expect(client.socket.closed).toBeUndefined();
		expect(await platform.revoke({ session: 's' })).toBe(1);
		expect(clock.pending).toBe(0);
	});

	it('takes another session, and keeps the end', async () => {
		const { renew, client, clock, platform } = await start({ session: 's', expiresAt: Date.now() + 60_000 });
		expect(renew({ session: 't', expiresAt: undefined })).toBe(true);
		expect(await platform.revoke({ session: 's' })).toBe(0);
		clock.pass(60_001);
		expect(client.socket.closed).toEqual([4401, 'Session expired']);
	});

	it('closes at once what is over, and gives false for what is closed', async () => {
		const { renew, client } = await start({});
		expect(renew({ expiresAt: new Date(0) })).toBe(false);
		expect(client.socket.closed).toEqual([4401, 'Session expired']);
		expect(renew({ expiresAt: Infinity })).toBe(false);
	});

	it('lets a connection stay for ever', async () => {
		const { renew, clock } = await start({ expiresAt: Date.now() + 60_000 });
		expect(renew({ expiresAt: Infinity })).toBe(true);
		expect(clock.pending).toBe(0);
	});

	it.each([
		{ expiresAt: NaN },
		{ expiresAt: null },
		{ expiresAt: 'soon' },
		{ session: {} },
		{ session: null },
		Promise.resolve({})
	])('refuses %j, and changes nothing', async (terms) => {
		const { renew, client, clock } = await start({ expiresAt: Date.now() + 60_000 });
		expect(() => renew(terms as never)).toThrow(TypeError);
		expect([client.socket.closed, clock.pending]).toEqual([undefined, 1]);
	});
});
