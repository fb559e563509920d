import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { settle, startCore, upgradeRequest } from '../../test/support/core.ts';
import { FAILURES, raise, SECRET } from '../../test/support/failures.ts';
import type { Connection } from '../contract/connection.ts';
import type { UpgradeContext, WebSocketHooks } from '../contract/hooks.ts';

const SAME_ORIGIN = { origin: { allowed: 'same-origin', expectedOrigin: () => 'https://app.example' } } as const;

it('refuses a foreign origin before the hook runs', async () => {
	const { upgrade, telemetry } = await startCore({ upgrade: () => expect.unreachable() }, { options: SAME_ORIGIN });
	expect(await upgrade(upgradeRequest({ origin: 'https://evil.example' }))).toEqual({
		accept: false,
		status: 403,
		body: 'Origin not allowed'
	});
	expect(telemetry.events).toEqual([{ name: 'upgrade.refused', labels: { status: '403' } }]);
});

it('takes a client without origin only where a hook can look at it', async () => {
	const without = await startCore({}, { options: SAME_ORIGIN });
	expect(await without.upgrade()).toMatchObject({ accept: false, status: 403 });
	const guarded = await startCore({ upgrade: () => ({}) }, { options: SAME_ORIGIN });
	expect(await guarded.upgrade()).toMatchObject({ accept: true });
});

it.each([
	['nothing', undefined, { remoteAddress: '127.0.0.1' }],
	['null', null, { remoteAddress: '127.0.0.1' }],
	['an object', { user: 1 }, { user: 1, remoteAddress: '127.0.0.1' }],
	['true', true, { remoteAddress: '127.0.0.1' }],
	[
		'an upgradeResponse',
		{ __upgradeResponse: true, userData: { user: 2 }, headers: {} },
		{ user: 2, remoteAddress: '127.0.0.1' }
	],
	[
		'an upgradeResponse without data',
		{ __upgradeResponse: true, userData: undefined, headers: {} },
		{ remoteAddress: '127.0.0.1' }
	]
])('accepts when the hook gives %s, now or later', async (_name, value, userData) => {
	for (const hook of [() => value, async () => value]) {
		let ws: Connection | undefined;
		const { connect } = await startCore({ upgrade: hook as never, open: (connection) => void (ws = connection) });
		await connect();
		expect(ws!.getUserData()).toEqual(userData);
	}
});

it('refuses with 401 when the hook gives false, now or later', async () => {
	for (const hook of [() => false as const, async () => false as const]) {
		const { upgrade } = await startCore({ upgrade: hook });
		expect(await upgrade()).toEqual({ accept: false, status: 401, body: 'Unauthorized' });
	}
});

it('decides without a promise when the hook does', async () => {
	const { upgrade } = await startCore({ upgrade: () => ({}) });
	let decided = false;
	void upgrade().then(() => (decided = true));
	await Promise.resolve();
	await Promise.resolve();
	expect(decided).toBe(true);
});

it('adds the headers of an upgradeResponse', async () => {
	const { upgrade } = await startCore({
		upgrade: () => ({ __upgradeResponse: true, userData: {}, headers: { 'x-a': ['1', '2'] } }) as const
	});
	expect(await upgrade()).toMatchObject({
		accept: true,
		headers: [
			['x-a', '1'],
			['x-a', '2']
		]
	});
});

it('refuses with 500 when a header would break out of its line', async () => {
	const { upgrade, log } = await startCore({
		upgrade: () => ({ __upgradeResponse: true, userData: {}, headers: { 'x-a': '1\r\nx: y' } }) as const
	});
	expect(await upgrade()).toMatchObject({ status: 500 });
	expect(log.lines).toHaveLength(1);
});

const hostile = (): never => raise(new Error(SECRET));

it.each([
	...FAILURES,
	['gives a proxy that throws', (): any => new Proxy({}, { get: hostile, has: hostile, ownKeys: hostile })] as const
])('refuses with 500 and tells nobody why when the hook %s', async (_name, hook) => {
	const { upgrade, log } = await startCore({ upgrade: hook });
	expect(await upgrade(upgradeRequest({ 'x-request-id': 'req-9' }))).toEqual({
		accept: false,
		status: 500,
		body: 'Internal Server Error'
	});
	expect(log.lines).toHaveLength(1);
	expect(log.lines[0]![1]).toContain('upgrade hook failed (request req-9)');
});

it('refuses with 504 when the hook is too slow, and forgets what it says later', async () => {
	let decide = (_: object): void => {};
	const { upgrade, clock, platform } = await startCore({ upgrade: () => new Promise((resolve) => (decide = resolve)) });
	const decision = upgrade();
	await settle();
	clock.pass(10_000);
	expect(await decision).toEqual({ accept: false, status: 504, body: 'Gateway Timeout' });
	decide({});
	await settle();
	expect([clock.pending, platform.connections]).toEqual([0, 0]);
});

it('keeps no timer and no listener once the hook has decided', async () => {
	const { upgrade, clock } = await startCore({ upgrade: async () => ({}) });
	const { signal } = new AbortController();
	await upgrade(upgradeRequest({}, signal));
	expect([clock.pending, getEventListeners(signal, 'abort')]).toEqual([0, []]);
});

it('waits as long as it takes without a limit', async () => {
	let decide = (_: object): void => {};
	const { upgrade, clock } = await startCore(
		{ upgrade: () => new Promise((resolve) => (decide = resolve)) },
		{ options: { upgradeTimeoutMs: 0 } }
	);
	const decision = upgrade();
	await settle();
	clock.pass(1_000_000);
	decide({});
	expect(await decision).toMatchObject({ accept: true });
});

it('waits for nothing once the client has left', async () => {
	const { upgrade, clock } = await startCore({ upgrade: () => new Promise(() => {}) });
	for (const when of ['before', 'while'] as const) {
		const abort = new AbortController();
		if (when === 'before') abort.abort();
		const decision = upgrade(upgradeRequest({}, abort.signal));
		await settle();
		abort.abort();
		expect(await decision).toMatchObject({ accept: false, status: 499 });
		expect(clock.pending).toBe(0);
	}
});

it('gives the connection the request id that the hook saw', async () => {
	let seen: UpgradeContext | undefined;
	let requestId: string | undefined;
	const hooks: WebSocketHooks = {
		upgrade: (context) => ((seen = context), { id: context.requestId }),
		open: (_ws, { platform }) => void (requestId = platform.requestId)
	};
	const { connect } = await startCore(hooks);
	await connect();
	expect(requestId).toBe(seen!.requestId);
	await connect({ 'x-request-id': 'given' });
	expect([seen!.requestId, requestId]).toEqual(['given', 'given']);
});

it('shows the hook the handshake', async () => {
	let seen: UpgradeContext | undefined;
	const { connect } = await startCore({ upgrade: (context) => void (seen = context) });
	await connect({ cookie: 'a=1; b=%C3%A9', 'x-y': 'z' });
	expect(seen).toMatchObject({ url: '/ws?x=1', remoteAddress: '127.0.0.1' });
	expect(seen!.headers['x-y']).toBe('z');
	expect({ ...seen!.cookies }).toEqual({ a: '1', b: 'é' });
});

it.each(['userData', 'headers', 'terms'])('refuses who is let in with a promise as %s, and says what to do', async (part) => {
	const response = { __upgradeResponse: true, userData: {}, headers: {}, [part]: Promise.reject(new Error('later')) };
	const { upgrade, log } = await startCore({ upgrade: () => response });
	expect(await upgrade()).toMatchObject({ accept: false, status: 500 });
	await settle();
	expect(String(log.lines[0]![2])).toBe(
		`TypeError: The ${part} of upgradeResponse is a promise, which must be there at once. Await it before you hand it over.`
	);
});
