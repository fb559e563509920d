import { afterEach, expect, it, vi } from 'vitest';
import { emit, sent, usePage, watch } from '../../../test/support/page.ts';
import { presence } from './presence.ts';

usePage();
afterEach(() => void vi.useRealTimers());

const ROOM = '__presence:room';
const ASK = { type: 'presence', topic: 'room' };

it('asks anew when somebody is here of whom it does not know, and not otherwise', async () => {
	const { seen, stop } = watch(presence('room'));
	expect(await sent()).toEqual([ASK]);
	emit(ROOM, 'presence_state', { a: 1 });
	emit(ROOM, 'heartbeat', ['a']);
	expect(await sent()).toEqual([]);
	emit(ROOM, 'heartbeat', ['a', 'b', 'c']);
	expect(await sent()).toEqual([ASK]);
	emit(ROOM, 'presence_state', { a: 1, b: 2, c: 3 });
	expect(seen).toEqual([[], [1], [1, 2, 3]]);
	stop();
});

it('shows everybody again of whom nothing was heard only because the device slept', async () => {
	vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
	const { seen, stop } = watch(presence('room', { maxAge: 10_000 }));
	emit(ROOM, 'presence_state', { a: 1 });
	await sent();
	vi.advanceTimersByTime(600_000);
	expect(seen.at(-1)).toEqual([]);
	emit(ROOM, 'heartbeat', ['a']);
	expect(await sent()).toEqual([ASK]);
	stop();
});
