import type { Connection } from '../../src/contract/connection.ts';
import type { WebSocketHooks } from '../../src/contract/hooks.ts';
import { settle, startCore, type FakeClient } from './core.ts';

/** A client of a core on the fake engine, with its end on the server. */
export interface PluginClient extends FakeClient {
	readonly ws: Connection;
	/** What it heard of one topic since the last call, as event and data. */
	on(topic: string): [event: string, data: any][];
}

/** A core with these hooks; the user data of a client is what `enter` is given. */
export async function startPlugin(hooks: WebSocketHooks, given: Parameters<typeof startCore>[1] = {}) {
	const sockets: Connection[] = [];
	const core = await startCore(
		{
			upgrade: ({ headers }) => JSON.parse(headers['user']!) as object,
			...hooks,
			open(ws, context) {
				sockets.push(ws);
				return hooks.open?.(ws, context);
			}
		},
		given
	);
	/** Connects, and subscribes to these topics as a client does. */
	const enter = async (user: object, ...topics: string[]): Promise<PluginClient> => {
		const client = await core.join({ user: JSON.stringify(user) });
		const ws = sockets.at(-1)!;
		for (const topic of topics) {
			client.say({ type: 'subscribe', topic });
			await settle();
		}
		let waiting: any[] = [];
		const hear = (): void => {
			for (const frame of client.heard()) waiting.push(...(frame.type === 'batch' ? frame.events : [frame]));
		};
		return {
			...client,
			ws,
			on(topic) {
				hear();
				const mine = waiting.filter((frame) => frame.topic === topic);
				waiting = waiting.filter((frame) => frame.topic !== topic);
				return mine.map(({ event, data }) => [event, data]);
			}
		};
	};
	return { ...core, enter };
}
