import { onTestFinished } from 'vitest';
import { connect, createClient, type WSConnection } from '../../src/client/connect.ts';
import type { Client, Readable } from '../../src/contract/client.ts';
import type { Connection } from '../../src/contract/connection.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../src/host/testing.ts';
import { memoryLog } from './log.ts';

/** The transports that have a port. */
export const TRANSPORTS = ['node', 'uws'] as const;

export interface PluginPage {
	readonly server: TestServer;
	readonly page: WSConnection;
	/** Another client of the same server, without a page. */
	other(): Client;
	/** The sockets of the server, in the order of opening. */
	readonly sockets: readonly Connection[];
}

/** A server with these hooks, and the page that is connected to it. */
export async function startPage(
	transport: (typeof TRANSPORTS)[number],
	handler: WebSocketHooks,
	options: TestServerOptions = {}
): Promise<PluginPage> {
	const sockets: Connection[] = [];
	const hooks: WebSocketHooks = {
		...handler,
		open(ws, context) {
			sockets.push(ws);
			return handler.open?.(ws, context);
		}
	};
	const server = await createTestServer({ ...options, handler: hooks, transport, log: memoryLog() });
	onTestFinished(() => server.close());
	const dial = { url: server.wsUrl, reconnectInterval: 20, maxReconnectInterval: 100 };
	const page = connect(dial);
	onTestFinished(() => page.close());
	await page.ready();
	return {
		server,
		page,
		sockets,
		other() {
			const client = createClient({ ...dial, log: memoryLog(), storage: undefined });
			onTestFinished(() => client.close());
			return client;
		}
	};
}

/** Watches a store; the list grows with each of its values. */
export function watch<T>(store: Readable<T>): { readonly values: T[]; readonly last: T; stop(): void } {
	const values: T[] = [];
	const stop = store.subscribe((value) => values.push(value));
	onTestFinished(stop);
	return {
		values,
		stop,
		get last() {
			return values.at(-1)!;
		}
	};
}
