import { clientFrame } from './socket.ts';
import { connect, type Dialect } from './dialects.ts';

const IDS = 1_024;

/** Keeps `inFlight` calls running on each of `connections` for `ms`, after as long a warm-up. Gives calls per second. */
export async function rpcLoad(
	port: number,
	dialect: Dialect,
	{ connections, inFlight }: { readonly connections: number; readonly inFlight: number },
	ms: number,
	measured: <T>(run: () => Promise<T>) => Promise<T>
): Promise<number> {
	const calls = Array.from({ length: IDS }, (_, id) => clientFrame(dialect.call(id)));
	const replies = Array.from({ length: IDS }, (_, id) => Buffer.from(dialect.reply(id)));
	let answered = 0;
	let failure: Error | undefined;

	const sockets = await Promise.all(
		Array.from({ length: connections }, async () => {
			const socket = await connect(port, dialect);
			let sent = 0;
			let received = 0;
			const send = (): void => socket.send(calls[sent++ % IDS]!);
			socket.onclose = () => (failure ??= new Error('The server closed a connection.'));
			socket.onframe = (bytes, start, end) => {
				const expected = replies[received++ % IDS]!;
				// Calls of equal cost are answered in order, so each reply is known to the byte.
				if (expected.compare(bytes, start, end) !== 0)
					failure ??= new Error(`Not the reply: ${bytes.toString('utf8', start, end)}`);
				answered++;
				send();
			};
			return { socket, start: () => socket.cork(() => Array.from({ length: inFlight }, send)) };
		})
	);
	for (const { start } of sockets) start();
	await sleep(ms);
	const perSecond = await measured(async () => {
		const [before, began] = [answered, performance.now()];
		await sleep(ms);
		return ((answered - before) * 1_000) / (performance.now() - began);
	});
	for (const { socket } of sockets) {
		socket.onclose = () => {};
		socket.destroy();
	}
	if (failure) throw failure;
	return perSecond;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
