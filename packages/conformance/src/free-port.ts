import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free, for a server that has to be told its port, or that comes back to it.
 *
 * It is outside of the range from which the system takes ports itself: one from there may belong to an outgoing
 * connection by the time that the server asks for it.
 */
export async function freePort(): Promise<number> {
	for (let attempt = 0; ; attempt++) {
		const port = randomInt(20_000, 32_000);
		const server = createServer().listen(port, '127.0.0.1');
		try {
			await once(server, 'listening');
		} catch (error) {
			if (attempt === 50) throw error;
			continue;
		}
		server.close();
		await once(server, 'close');
		return port;
	}
}
