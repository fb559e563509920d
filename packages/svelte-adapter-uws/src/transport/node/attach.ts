import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ListenOptions, Listener } from '../../contract/transport.ts';
import { createUpgrades } from './upgrades.ts';

/**
 * Takes the upgrades of one path from a server that somebody else owns, for example Vite's. Other upgrade listeners keep
 * working; disposing leaves the server as it was.
 */
export function attach(server: Pick<Server, 'on' | 'off' | 'address'>, sockets: NonNullable<ListenOptions['sockets']>): Listener {
	const upgrades = createUpgrades(sockets.handler, sockets.options);
	const onUpgrade = (request: IncomingMessage, raw: Duplex, head: Buffer): void => {
		if (upgrades.matches(request)) upgrades.take(request, raw, head);
	};
	server.on('upgrade', onUpgrade);
	const stopAccepting = (): void => void server.off('upgrade', onUpgrade);
	return {
		get port() {
			return (server.address() as AddressInfo | null)?.port ?? 0;
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
