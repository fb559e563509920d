import { join } from 'node:path';
import type { Log } from '../../contract/log.ts';
import { announceEndpoint, type Entry } from '../built.ts';
import { systemClock } from '../clock.ts';
import type { Environment } from '../env.ts';
import { memoryStores } from '../../service/memory-stores.ts';
import { createRandomId } from '../random-id.ts';
import { createEnd, onSignals } from '../shutdown.ts';
import { Acceptor } from './acceptor.ts';
import { planCluster } from './plan.ts';
import { spawnWorker } from './process.ts';
import { Primary, probePort } from './primary.ts';

/** The workers of one machine, all of them ready. */
export interface Cluster {
	readonly address: { readonly host: string; readonly port: number; readonly path: undefined };
	/** Ends every worker in order. Idempotent; the primary goes on. */
	shutDown(reason: string): Promise<void>;
}

/** Starts the workers of a built server and stays as their primary until a signal ends all of them. */
export async function startCluster(
	{ directory, settings }: Pick<Entry, 'directory' | 'settings'>,
	environment: Environment & { readonly cluster: NonNullable<Environment['cluster']> },
	log: Log
): Promise<Cluster> {
	const { host, tls, shutdownDelayMs, shutdownTimeoutMs } = environment;
	const { workers, mode, transport } = planCluster(environment, { platform: process.platform, prefix: settings.envPrefix, log });
	const port = await probePort(host, environment.port, mode === 'reuseport' && environment.reusePort);
	const clock = systemClock();
	const randomId = createRandomId();
	const file = join(directory, 'index.js');
	const failed = (error: Error): void => {
		log.error(`The primary cannot listen on ${host}:${port} any more: ${error.message}`);
		process.exit(1);
	};
	const primary = new Primary({
		workers,
		spawn: (id) => spawnWorker(file, { id, node: randomId(), port, mode, ...(transport ? { transport } : {}) }, log),
		...(mode === 'acceptor' ? { acceptor: new Acceptor({ host, port, failed }) } : {}),
		stores: memoryStores(randomId(), clock, randomId, settings.websocket ? { replay: settings.websocket.replay } : {}),
		clock,
		log,
		gaveUp: () => process.exit(1)
	});
	// While every worker waits to be started again, nothing else keeps the process alive.
	const alive = setInterval(() => {}, 1 << 30);
	let ended: Promise<void> | undefined;
	const end = async (reason: string): Promise<void> => {
		log.info(`Shutting down: ${reason}`);
		primary.announce();
		if (shutdownDelayMs > 0) await new Promise<void>((resolve) => clock.after(shutdownDelayMs, resolve));
		await primary.drain(shutdownTimeoutMs);
		clearInterval(alive);
	};
	const shutDown = (reason: string): Promise<void> => (ended ??= end(reason));
	onSignals(createEnd(clock, shutDown));
	if (tls) process.on('SIGHUP', () => primary.send({ type: 'reload' }));
	try {
		await primary.start();
	} catch (error) {
		primary.kill();
		throw error;
	}
	if (settings.websocket) announceEndpoint(settings.websocket.path, log);
	const address = host.includes(':') ? `[${host}]` : host;
	const note = `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${mode}`;
	log.info(`Listening on ${tls ? 'https' : 'http'}://${address}:${port} (${note})`);
	return { address: { host, port, path: undefined }, shutDown };
}
