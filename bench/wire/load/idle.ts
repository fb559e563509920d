import { connect, connectJoined, type Dialect } from './dialects.ts';
import type { BenchSocket } from './socket.ts';
import type { Server } from '../server.ts';

const AT_ONCE = 50;

/** Opens `connections` that say nothing, or join one topic and say nothing after. Gives the server's memory for each of them, in bytes, and its time for each, in microseconds. */
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
	// What a server keeps from its first connections on belongs to no connection.
	const first = await open(200);
	const before = await server.memory();
	const cpu = server.cpu();
	const sockets = await open(connections);
	const microseconds = (server.cpu() - cpu) / connections;
	const bytes = ((await server.memory()) - before) / connections;
	for (const socket of [...first, ...sockets]) socket.destroy();
	return { bytes, microseconds };
}
