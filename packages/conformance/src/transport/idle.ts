import { expect } from 'vitest';
import type { TcpLaw } from './fixture.ts';
import { frame, openRaw, PONG, TEXT } from './raw.ts';
import { start } from './server.ts';

/** The shortest that there is. */
const IDLE_TIMEOUT = 8;
/** Milliseconds between two signs of life. */
const OFTEN = 1_000;

/** Runs `speak` again and again until the disposal. */
function every(speak: () => void): Disposable {
	const timer = setInterval(speak, OFTEN);
	return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Takes as long as the shortest timeout, so that everything happens in one law: who outlives whom, not how long it took. */
export function idleLaws(law: TcpLaw): void {
	law('ends who is silent, keeps who speaks or answers a ping, and pings when it is told to', async (fixture) => {
		const script = (sendPingsAutomatically: boolean) => ({ options: { idleTimeout: IDLE_TIMEOUT, sendPingsAutomatically } });
		const [pinging, waiting] = [await start(fixture, script(true)), await start(fixture, script(false))];
		const answering = await openRaw(pinging.listener.port);
		const unanswering = await openRaw(pinging.listener.port);
		const speaking = await openRaw(waiting.listener.port);
		const ponging = await openRaw(waiting.listener.port);
		const silent = await openRaw(waiting.listener.port);
		using _words = every(() => void speaking.send(frame({ opcode: TEXT, payload: 'a' })));
		using _pongs = every(() => void ponging.send(frame({ opcode: PONG })));
		// Whoever is pinged twice was heard in between.
		for (let pings = 1; pings <= 2; pings++) {
			await answering.until(() => answering.pending >= pings * 2);
			void answering.send(frame({ opcode: PONG }));
		}
		await Promise.all([unanswering.closed(), silent.closed()]);
		await Promise.all([pinging.beat(), waiting.beat()]);
		expect(pinging.sides.map(({ ends }) => ends)).toEqual([[], [[1006, '']]]);
		expect(waiting.sides.map(({ ends }) => ends)).toEqual([[], [], [[1006, '']]]);
		expect(answering.text).toMatch(/^(?:\x89\0)+$/);
		expect([unanswering.text, speaking.text, ponging.text, silent.text]).toEqual(['\x89\0', '', '', '']);
	});
}
