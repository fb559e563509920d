import { createClient } from 'svelte-adapter-uws/client';
import type { Client, Readable } from 'svelte-adapter-uws/contract';
import { createTestServer, type TestServerOptions } from 'svelte-adapter-uws/testing';
import { vi } from 'vitest';
import { createClock } from '../src/client/clock.ts';
import { createLiveClient, type LiveClient } from '../src/client/live-client.ts';
import { createRpcCall, type RpcCall } from '../src/client/rpc/call.ts';
import type { Definition, Guard } from '../src/define/definition.ts';
import { standard } from '../src/features/standard.ts';
import { Runtime, type RuntimeParts } from '../src/runtime/runtime.ts';

export const TRANSPORTS = ['node', 'uws'] as const;

/** A page: the real client, over a real socket. */
export interface Page {
	readonly live: () => LiveClient;
	readonly client: Client;
	readonly sockets: readonly WebSocket[];
	call(path: string): RpcCall;
}

/** The real core on a real transport with definitions installed, and pages that connect to it. Closes with `await using`. */
export async function createLiveServer(
	definitions: Readonly<Record<string, Definition>>,
	{
		guard,
		runtime: parts = {},
		...options
	}: Omit<TestServerOptions, 'handler'> & { readonly guard?: Guard; readonly runtime?: Partial<RuntimeParts> } = {}
) {
	const errors: [string, unknown][] = [];
	const state: { runtime?: Runtime } = {};
	const server = await createTestServer({
		...options,
		handler: {
			upgrade: ({ url }) => {
				const user = new URL(url, 'http://localhost').searchParams.get('user');
				return user ? { id: user } : undefined;
			},
			init({ platform }) {
				const onError: RuntimeParts['onError'] = (path, error) => void errors.push([path, error]);
				state.runtime = new Runtime({ platform, features: standard, onError, ...parts });
				for (const [path, definition] of Object.entries(definitions)) state.runtime.install(path, definition, guard);
			},
			message: (ws, context) =>
				void (context.isBinary
					? state.runtime!.receiveBinary(ws, context, context.data)
					: state.runtime!.receive(ws, context, context.text)),
			unsubscribe: (ws, topic) => state.runtime!.left(ws, topic),
			shutdown: () => state.runtime![Symbol.dispose]()
		}
	});
	const clients: Client[] = [];
	return {
		server,
		platform: server.platform,
		runtime: state.runtime!,
		errors,
		/** `made` sees each socket before it is used. */
		page(user = '', made: (socket: WebSocket) => void = () => {}): Page {
			const sockets: WebSocket[] = [];
			const client = createClient({
				url: `${server.wsUrl}?user=${user}`,
				reconnectInterval: 20,
				openSocket(url) {
					const socket = new WebSocket(url);
					sockets.push(socket);
					made(socket);
					return socket;
				}
			});
			clients.push(client);
			const live = createLiveClient(client, {
				clock: createClock(),
				random: Math.random,
				settings: () => ({ timeout: 10_000, resumeGraceMs: 0 })
			});
			return { live: () => live, client, sockets, call: (path) => createRpcCall(() => live.calls, path) };
		},
		async [Symbol.asyncDispose]() {
			for (const client of clients) client.close();
			await server.close();
		}
	};
}

/** Watches a store: its current value, and how to stop. */
export function watch<T>(store: Readable<T>): { readonly value: T; stop(): void } {
	let value!: T;
	const stop = store.subscribe((next) => (value = next));
	return {
		get value() {
			return value;
		},
		stop
	};
}

/** Waits for a condition that holds soon. */
export const until = (condition: () => unknown): Promise<void> =>
	vi.waitFor(
		async () => {
			if (!(await condition())) throw new Error('not yet');
		},
		{ interval: 5 }
	);
