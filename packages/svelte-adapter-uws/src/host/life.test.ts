import { expect, it, vi } from 'vitest';
import { recipient, requestHead } from '../../test/support/http.ts';
import type { HttpServing } from '../http/handler.ts';
import { manualClock } from './clock.ts';
import { Life } from './life.ts';

function serving() {
	let idle = Promise.resolve();
	const respond = vi.fn<HttpServing['respond']>(async () => ({ response: new Response('app') }));
	const http: HttpServing = { bodyLimit: 1, plan: () => undefined, respond, settled() {}, active: 0, idle: () => idle };
	return { http, respond, busyUntil: (until: Promise<void>) => void (idle = until) };
}

it('is healthy and not ready while it starts, and neither from the announcement of its end on', () => {
	const life = new Life();
	const state = () => [life.isHealthy, life.isReady, life.isClosing];
	expect(state()).toEqual([true, false, false]);
	life.start();
	expect(state()).toEqual([true, true, false]);
	life.announceEnd();
	expect(state()).toEqual([false, false, false]);
	life.close();
	expect(state()).toEqual([false, false, true]);
});

it('holds app requests until it has started', async () => {
	const life = new Life();
	const { http, respond } = serving();
	const held = life.hold(http);
	const answer = held.respond(requestHead({}), undefined, recipient());
	await new Promise((resolve) => setImmediate(resolve));
	expect(respond).not.toHaveBeenCalled();
	life.start();
	expect(await (await answer).response.text()).toBe('app');
});

it('is quiet when no answer is under way and nobody has asked for a while', async () => {
	const life = new Life();
	const clock = manualClock();
	const { http, busyUntil } = serving();
	const held = life.hold(http);
	const answered = Promise.withResolvers<void>();
	busyUntil(answered.promise);
	let quiet = false;
	const done = life.quiet(http, clock).then(() => (quiet = true));
	await new Promise((resolve) => setImmediate(resolve));
	expect(clock.pending).toBe(0);
	answered.resolve();
	await vi.waitFor(() => expect(clock.pending).toBe(1));
	held.plan(requestHead({}));
	clock.advance(250);
	await vi.waitFor(() => expect(clock.pending).toBe(1));
	expect(quiet).toBe(false);
	clock.advance(250);
	await done;
	expect([quiet, life.requests]).toEqual([true, 1]);
});
