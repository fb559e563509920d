import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ListenOptions, Listener } from '../../contract/transport.ts';
import { answerOrdinary } from './ordinary.ts';
import { createUpgrades } from './upgrades.ts';

/**
 * Takes the upgrades of one path from a server that somebody else owns, for example Vite's. Other upgrade listeners keep
 * working; disposing leaves the server as it was. Throws a RangeError for options that are out of range.
 */
export function attach(
	server: Pick<Server, 'on' | 'off' | 'emit' | 'listenerCount' | 'address'>,
	sockets: NonNullable<ListenOptions['sockets']>
): Listener {
	const upgrades = createUpgrades(sockets.handler, sockets.options);
	const onUpgrade = (request: IncomingMessage, raw: Duplex, head: Buffer): void => {
		if (upgrades.matches(request)) upgrades.take(request, raw, head);
		// Without this listener the server would have answered it.
		else if (server.listenerCount('upgrade') === 1)
			answerOrdinary(request, raw, (...exchange) => server.emit('request', ...exchange));
	};
	server.on('upgrade', onUpgrade);
	const stopAccepting = (): void => void server.off('upgrade', onUpgrade);
	return {
		get port() {
			const address: AddressInfo | string | null = server.address();
			return typeof address === 'object' ? (address?.port ?? 0) : 0;
		},
		publish: upgrades.publish,
		stopAccepting,
		[Symbol.asyncDispose]() {
			stopAccepting();
			upgrades.dispose();
			return Promise.resolve();
		}
	};
}
