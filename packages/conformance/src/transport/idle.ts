import type { SocketOptions } from 'svelte-adapter-uws/contract';
import { expect } from 'vitest';
import type { TcpLaw } from './fixture.ts';
import { frame, openRaw, PING, PONG, TEXT } from './raw.ts';
import { start, type Script } from './server.ts';

/** The shortest that there is. */
const IDLE: Partial<SocketOptions> = { idleTimeout: 8 };
/** Milliseconds between two signs of life. */
const OFTEN = 1_000;

/** Runs `speak` again and again until the disposal. */
function every(speak: () => void): Disposable {
	const timer = setInterval(speak, OFTEN);
	return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** These take as long as the shortest timeout: what is compared is who outlives whom, not how long it took. */
export function idleLaws(law: TcpLaw): void {
	for (const sendPingsAutomatically of [true, false]) {
		law(`ends who is silent, and nobody else, ${sendPingsAutomatically ? 'with' : 'without'} pings`, async (fixture) => {
			const script: Script = { options: { ...IDLE, sendPingsAutomatically } };
			const server = await start(fixture, script);
			const { port } = server.listener;
			const [silent, speaking, ponging] = [await openRaw(port), await openRaw(port), await openRaw(port)];
			using _words = every(() => void speaking.send(frame({ opcode: TEXT, payload: 'a' })));
			using _pongs = every(() => void ponging.send(frame({ opcode: PONG })));
			await silent.closed();
			expect(silent.text).toBe(sendPingsAutomatically ? '\x89\0' : '');
			await server.beat();
			expect(server.sides.map(({ ends }) => ends)).toEqual([[[1006, '']], [], []]);
			expect(server.sides[1]!.messages.length).toBeGreaterThan(0);
			speaking.drop();
			ponging.drop();
		});
	}

	law('keeps who answers its pings, for longer than one who does not', async (fixture) => {
		const server = await start(fixture, { options: { ...IDLE, sendPingsAutomatically: true } });
		const answering = await openRaw(server.listener.port);
		let pings = 0;
		const answer = (): void => {
			const seen = answering.pending / 2;
			for (; pings < seen; pings++) void answering.send(frame({ opcode: PONG }));
		};
		const outlived = async (): Promise<void> => (await openRaw(server.listener.port)).closed();
		using _answers = every(answer);
		await outlived();
		await outlived();
		expect(pings).toBeGreaterThan(0);
		expect(server.sides[0]!.ends).toEqual([]);
		void answering.send(frame({ opcode: PING }));
		await answering.until(() => answering.text.includes('\x8a'));
	});
}
