import { roomParts } from '../shared/room-path.ts';
import { createRpcCall, type RpcCall } from './rpc/call.ts';
import type { LiveClient } from './live-client.ts';
import { createStreamFactory, type StreamFactory } from './stream/cache.ts';
import type { StreamOptions } from './stream/merge.ts';

/** What a room has, as its stub says. */
export interface RoomShape extends Pick<StreamOptions, 'merge' | 'key'> {
	readonly presence?: true;
	readonly cursors?: true;
	readonly actions?: readonly string[];
}

/** A room as a page without types sees it. */
export interface RoomClient {
	readonly data: StreamFactory;
	readonly presence?: StreamFactory;
	readonly cursors?: StreamFactory;
	/** Moves the own cursor: sent without waiting, and dropped while offline. */
	readonly moveCursor?: (...args: any[]) => void;
	readonly [action: string]: StreamFactory | RpcCall | ((...args: any[]) => void) | undefined;
}

/** Creates the stub of a room: a stream for each thing to be seen in it, and its procedures. */
export function createRoom(
	live: () => LiveClient,
	path: string,
	{ presence, cursors, actions = [], ...options }: RoomShape
): RoomClient {
	const stream = (part: string, merge: StreamOptions): StreamFactory => createStreamFactory(live, `${path}/${part}`, merge);
	const call = (name: string): RpcCall => createRpcCall(() => live().calls, `${path}/${roomParts.action(name)}`);
	return {
		...Object.fromEntries(actions.map((name) => [name, call(name)])),
		data: stream(roomParts.data, options),
		...(presence ? { presence: stream(roomParts.presence, { merge: 'presence' }) } : {}),
		...(cursors ? { cursors: stream(roomParts.cursors, { merge: 'cursor' }), moveCursor: call('moveCursor').fireAndForget } : {})
	};
}
