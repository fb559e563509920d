import type { Platform } from 'svelte-adapter-uws/contract';
import { createTestServer, type MemoryPeer, type TestServerOptions } from 'svelte-adapter-uws/testing';
import { vi } from 'vitest';
import type { Definition, Guard } from '../src/define/definition.ts';
import { standard } from '../src/features/standard.ts';
import type { DispatchOptions } from '../src/runtime/dispatch.ts';
import { Runtime, type RuntimeParts } from '../src/runtime/runtime.ts';

/** A client of a runtime in memory. */
export interface TestClient {
	readonly peer: MemoryPeer;
	readonly frames: any[];
	say(frame: unknown): void;
	/** The reply to a request. */
	ask(request: Record<string, unknown> & { readonly id: string }): Promise<any>;
	/** Waits for the close to reach the server. */
	leave(): Promise<void>;
}

/** A runtime on the real core in memory, with definitions installed at their paths. */
export async function createRuntime(
	definitions: Readonly<Record<string, Definition>>,
	guard?: Guard,
	parts: Partial<RuntimeParts> & Pick<DispatchOptions, 'beforeExecute'> = {},
	serverOptions: Pick<TestServerOptions, 'bus' | 'stores' | 'clock'> = {}
) {
	const errors: [string, unknown][] = [];
	const state: { runtime?: Runtime } = {};
	const server = await createTestServer({
		transport: 'memory',
		...serverOptions,
		handler: {
			upgrade: ({ url }) => {
				const user = new URL(url, 'http://localhost').searchParams.get('user');
				return user ? { id: user } : undefined;
			},
			init({ platform }) {
				state.runtime = new Runtime({
					platform,
					features: standard,
					throwsAssertions: true,
					onError: (path, error) => void errors.push([path, error]),
					...parts
				});
				for (const [path, definition] of Object.entries(definitions)) state.runtime.install(path, definition, guard);
			},
			message(ws, context) {
				const options = parts.beforeExecute ? { beforeExecute: parts.beforeExecute } : {};
				if (context.isBinary) state.runtime!.receiveBinary(ws, context, context.data, options);
				else state.runtime!.receive(ws, context, context.text, options);
			},
			unsubscribe: (ws, topic) => state.runtime!.left(ws, topic)
		}
	});
	const connect = async (user = ''): Promise<TestClient> => {
		const before = server.platform.connections;
		const peer = await server.connect(`/ws?user=${user}`);
		const frames: any[] = [];
		peer.onmessage = (frame) => void frames.push(JSON.parse(String(frame)));
		await vi.waitFor(
			() => {
				if (frames.length === 0) throw new Error('no welcome yet');
			},
			{ interval: 2 }
		);
		return {
			peer,
			frames,
			say: (frame) => peer.send(JSON.stringify(frame)),
			async ask(request) {
				peer.send(JSON.stringify(request));
				return vi.waitFor(
					() => {
						const reply = frames.find((frame) => frame.topic === '__rpc' && frame.event === request.id);
						if (!reply) throw new Error(`No reply to ${request.id}.`);
						return reply.data;
					},
					{ interval: 2 }
				);
			},
			async leave() {
				peer.close();
				await vi.waitFor(() => {
					if (server.platform.connections !== before) throw new Error('not closed yet');
				});
			}
		};
	};
	const platform: Platform = server.platform;
	return {
		runtime: state.runtime!,
		platform,
		errors,
		connect,
		connections: server.wsConnections,
		[Symbol.asyncDispose]: () => server.close()
	};
}
