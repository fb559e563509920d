import { connect, connectJoined, type Dialect } from './dialects.ts';
import type { BenchSocket } from './socket.ts';
import type { Server } from '../server.ts';

const AT_ONCE = 50;
/** Connections until V8 has compiled what it does for one, and its heap has found its size: what that takes belongs to no connection. */
const FIRST = 4_000;

/**
 * Opens `connections` that say nothing, or join one topic and say nothing after. Gives the server's memory for each but the first
 * 4,000, in bytes, and its time for each of those, in microseconds.
 */
export async function idleLoad(
	server: Server,
	dialect: Dialect,
	{ connections, joined }: { readonly connections: number; readonly joined: boolean }
): Promise<{ readonly bytes: number; readonly microseconds: number }> {
	const open = async (count: number): Promise<BenchSocket[]> => {
		const sockets: BenchSocket[] = [];
		while (sockets.length < count) {
			const wave = Math.min(AT_ONCE, count - sockets.length);
			sockets.push(
				...(await Promise.all(Array.from({ length: wave }, () => (joined ? connectJoined : connect)(server.port, dialect))))
			);
		}
		return sockets;
	};
	const first = await open(FIRST);
	const before = await server.memory();
	const cpu = server.cpu();
	const measured = connections - FIRST;
	const sockets = await open(measured);
	const microseconds = (server.cpu() - cpu) / measured;
	const bytes = ((await server.memory()) - before) / measured;
	for (const socket of [...first, ...sockets]) socket.destroy();
	return { bytes, microseconds };
}
