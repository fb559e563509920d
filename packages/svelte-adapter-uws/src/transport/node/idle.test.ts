import { expect, it } from 'vitest';
import { checkInterval, IdleWatch } from './idle.ts';

function watched(
	options: { idleTimeout: number; sendPingsAutomatically: boolean } = { idleTimeout: 8, sendPingsAutomatically: true }
) {
	const watch = new IdleWatch<{ ping(): void; drop(): void }>(options);
	const raw = { bytesRead: 100 };
	const did: string[] = [];
	const socket = { ping: () => void did.push('ping'), drop: () => (did.push('drop'), watch.delete(socket)) };
	watch.add(socket, raw, 0);
	/** Checks every second from `from` on, up to `to` inclusive; gives what was done. */
	const run = (from: number, to: number, heard: readonly number[] = []): string[] => {
		for (let second = from; second <= to; second++) {
			if (heard.includes(second)) raw.bytesRead++;
			watch.check(second * 1000);
		}
		return did.splice(0);
	};
	return { watch, run };
}

it('pings once half-way, and ends who stays silent', () => {
	const { run } = watched();
	expect(run(1, 3)).toEqual([]);
	expect(run(4, 7)).toEqual(['ping']);
	expect(run(8, 20)).toEqual(['drop']);
});

it('starts again with every byte that was heard, the answer to a ping included', () => {
	const { run } = watched();
	expect(run(1, 30, [5, 10, 15, 20, 25, 30])).toEqual(['ping', 'ping', 'ping', 'ping', 'ping', 'ping']);
	expect(run(31, 60)).toEqual(['ping', 'drop']);
});

it('does not ping when it is told not to', () => {
	const { run } = watched({ idleTimeout: 8, sendPingsAutomatically: false });
	expect(run(1, 20)).toEqual(['drop']);
});

it('looks often enough for the shortest limit, and seldom for long ones', () => {
	const options = { sendPingsAutomatically: true };
	expect([8, 16, 120, 960].map((idleTimeout) => checkInterval({ ...options, idleTimeout }))).toEqual([1000, 2000, 4000, 4000]);
});
