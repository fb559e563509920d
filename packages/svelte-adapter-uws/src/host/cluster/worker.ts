import type { Log } from '../../contract/log.ts';
import type { ListenOptions } from '../../contract/transport.ts';
import { lastWord, processChannel, type Channel } from './channel.ts';
import type { ClusterMode } from './plan.ts';
import type { Environment } from '../env.ts';

/** What the primary tells a worker when it starts it; JSON in one variable. */
export interface Assignment {
	readonly id: number;
	/** Who the worker is in the stores: another one each time, because what it left there is not its successor's. */
	readonly node: string;
	readonly port: number;
	readonly mode: ClusterMode;
	readonly transport?: Environment['transport'];
}

/** The primary's end of being a worker. */
export interface Worker extends Assignment {
	readonly channel: Channel;
	/** The connections that the primary accepts for it; `undefined` = it listens itself. */
	readonly handed: ListenOptions['handed'];
	/** The server listens and its `init` hook has run. */
	ready(port: number): void;
	/** It will not start, and neither would the next one. The process is to exit when this resolves. */
	refuse(reason: string): Promise<void>;
	/** Calls `announce` when the end is near and `shut` when it is there; the process exits with 0 after it. */
	onShutdown(announce: () => void, shut: (reason: string) => Promise<void>): void;
}

export const ASSIGNMENT = 'SVELTE_ADAPTER_UWS_WORKER';

/** What this process is to a primary; `undefined` where none started it. Takes the variable out of the environment. */
export function workerOf(self: NodeJS.Process, log: Log): Worker | undefined {
	const text = self.env[ASSIGNMENT];
	if (text === undefined || !self.connected) return undefined;
	// Processes that the app starts are none of the cluster.
	delete self.env[ASSIGNMENT];
	const channel = processChannel(self, (waiting) =>
		log.error(`${waiting} bytes wait to be relayed to the other workers: what is published now does not reach them.`)
	);
	let announce = (): void => {};
	// Until there is a server, there is nothing to wait for.
	let shut = (_reason: string): Promise<void> => Promise.resolve();
	let isAnnounced = false;
	let isShutting = false;
	channel.listen((message) => {
		if (message.type === 'ping') channel.send({ type: 'pong' });
		else if (message.type === 'announce') {
			isAnnounced = true;
			announce();
		} else if (message.type === 'reload') {
			// Who has not registered a handler yet has just read what it would read again.
			if (self.listenerCount('SIGHUP') > 0) self.emit('SIGHUP', 'SIGHUP');
		} else if (message.type === 'shutdown' && !isShutting) {
			isShutting = true;
			void shut('shutdown').finally(() => self.exit(0));
		}
	});
	// Without a primary nobody would tell it to end.
	self.once('disconnect', () => self.exit(0));
	// A terminal and service managers signal every process; when to go is for the primary to say.
	self.on('SIGTERM', () => {}).on('SIGINT', () => {});
	const assignment = JSON.parse(text) as Assignment;
	return {
		...assignment,
		channel,
		handed: assignment.mode === 'acceptor' ? handedBy(channel, assignment.port) : undefined,
		ready: (port) => channel.send({ type: 'ready', port }),
		refuse: (reason) => lastWord(self, { type: 'refused', reason }),
		onShutdown(onAnnounce, onShut) {
			announce = onAnnounce;
			shut = onShut;
			if (isAnnounced) announce();
		}
	};
}

function handedBy(channel: Channel, port: number): NonNullable<ListenOptions['handed']> {
	return {
		port,
		take: (accept) =>
			channel.listen((message, connection) => {
				if (message.type !== 'connection') return;
				// First: if this process dies of the connection, nobody else shall have what is left of it.
				channel.send({ type: 'accepted', id: message.id });
				if (connection !== undefined) accept(connection);
			})
	};
}

/** The log of one worker among several. */
export function workerLog(log: Log, id: number): Log {
	const name = `Worker ${id}: `;
	return {
		debug: (message, details) => log.debug(name + message, details),
		info: (message, details) => log.info(name + message, details),
		warn: (message, details) => log.warn(name + message, details),
		error: (message, details) => log.error(name + message, details)
	};
}
