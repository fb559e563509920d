import type { Log } from '../../contract/log.ts';
import type { Environment } from '../env.ts';
import { StartError } from '../start-error.ts';

export type ClusterMode = 'reuseport' | 'acceptor';

/** How the workers of this machine share the port. */
export interface ClusterPlan {
	readonly workers: number;
	readonly mode: ClusterMode;
	readonly transport: Environment['transport'];
}

/**
 * Chooses by what the system and the transport can do. The kernel spreads connections over processes on one port on Linux
 * alone; a Unix domain socket cannot be shared so. The engine cannot take over a connection that another process has accepted, so a primary that accepts needs the
 * node transport. Throws a StartError for what cannot be.
 */
export function planCluster(
	{
		cluster,
		transport,
		socketPath,
		listenFd
	}: Pick<Environment, 'transport' | 'socketPath' | 'listenFd'> & { readonly cluster: NonNullable<Environment['cluster']> },
	{ platform, prefix, log }: { readonly platform: NodeJS.Platform; readonly prefix: string; readonly log: Log }
): ClusterPlan {
	const { workers } = cluster;
	if (socketPath !== undefined || listenFd !== undefined) {
		const name = listenFd === undefined ? `${prefix}SOCKET_PATH` : 'LISTEN_FDS';
		throw new StartError(
			`${name}: got a socket with ${prefix}CLUSTER_WORKERS, whose workers share a host and port. Unset one of them.`
		);
	}
	const canShare = platform === 'linux';
	if (canShare && cluster.mode !== 'acceptor') return { workers, mode: 'reuseport', transport };
	if (cluster.mode === 'reuseport')
		log.warn(
			`${prefix}CLUSTER_MODE=reuseport needs Linux: on ${platform} only one of the processes on a port gets its connections. Running as acceptor.`
		);
	if (transport === 'uws') {
		const instead = canShare ? `Unset ${prefix}CLUSTER_MODE` : `Unset ${prefix}CLUSTER_WORKERS`;
		throw new StartError(
			`${prefix}TRANSPORT: got uws with ${prefix}CLUSTER_MODE=acceptor, where the primary accepts connections and hands them to its workers; uWebSockets.js cannot take a connection from another process. ${instead}, or set ${prefix}TRANSPORT=node.`
		);
	}
	if (transport === undefined) log.info('Workers run on the node transport, because the primary hands them their connections.');
	return { workers, mode: 'acceptor', transport: 'node' };
}
