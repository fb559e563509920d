import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Log } from '../contract/log.ts';
import type { Listener } from '../contract/transport.ts';
import type { ServerCore } from '../core/parts.ts';
import { loadBuilt, type Built, type Entry } from './built.ts';
import { systemClock } from './clock.ts';
import { workerLog, workerOf, type Worker } from './cluster/worker.ts';
import { readEnvironment, unknownVariables, type Environment } from './env.ts';
import type { NodeAnswer } from '../transport/node/http.ts';
import { consoleLog, outliveOutput } from './log.ts';
import { createEnd, endWhenIdle, onSignals, shutDown, type ShutdownParts } from './shutdown.ts';
import { StartError } from './start-error.ts';
import { chooseTransport, refuseNodeOnly } from './transport.ts';

/** Where a server listens. */
export interface Address {
	readonly host: string;
	/** 0 on a Unix domain socket. */
	readonly port: number;
	/** The Unix domain socket; `undefined` = host and port. */
	readonly path: string | undefined;
}

/** What `handler.js` of a build exports. Importing it starts nothing. */
export interface Serving {
	/** Listens as the environment says; resolves when the server is ready, and ends the process with a readable reason when it cannot. */
	start(): Promise<Address>;
	/**
	 * Answers a request of a server of yours, in the manner of Express; the app is loaded for the first one. Nothing is left to `next`
	 * but the reason why the app could not be loaded.
	 */
	handler(request: IncomingMessage, response: ServerResponse, next?: (error: unknown) => void): void;
	/** Serves the WebSocket endpoint on a server of yours: runs `init`, and gives routes their `event.platform`. Call it once. */
	attach(server: Server): Promise<void>;
	/** Runs the `shutdown` hook and closes every socket; what `start` listens on accepts no more. Idempotent. */
	drain(): Promise<void>;
	/** Ends in order what `start` or `attach` began, and tells `sveltekit:shutdown` listeners the reason. The process goes on. */
	shutdown(reason?: string): Promise<void>;
}

/** Makes the server of a build. Nothing happens before one of its functions is called. */
export function createServing(entry: Entry): Serving {
	const prefix = entry.settings.envPrefix;
	let serving: Running | undefined;
	let embedded: Promise<Running> | undefined;
	let answering: Promise<NodeAnswer> | undefined;
	let ended: Promise<void> | undefined;
	/** How a primary, which serves nothing itself, ends. */
	let onEnd: ((reason: string) => Promise<void>) | undefined;

	/** For a server of somebody else's: there is no listener before `attach`. */
	const embed = (): Promise<Running> =>
		(embedded ??= (async () => {
			const environment = readEnvironment(process.env, { prefix });
			const log = consoleLog();
			for (const warning of unknownVariables(process.env, prefix)) log.warn(warning);
			const built = await loadBuilt(entry, environment, log);
			if (!entry.settings.websocket) built.life.start();
			return (serving = { built, environment, log });
		})());

	const embedHttp = (): Promise<NodeAnswer> =>
		(answering ??= Promise.all([embed(), import('../transport/node/http.ts')]).then(([{ built }, { createNodeAnswer }]) =>
			createNodeAnswer(built.http)
		));

	return {
		async start() {
			outliveOutput();
			const worker = workerOf(process, consoleLog());
			const log = worker ? workerLog(consoleLog(), worker.id) : consoleLog();
			try {
				const environment = asked(readEnvironment(process.env, { prefix }), worker);
				// Workers have the variables of their primary, which has spoken of them.
				if (!worker) for (const warning of unknownVariables(process.env, prefix)) log.warn(warning);
				if (environment.cluster) {
					const { startCluster } = await import('./cluster/start.ts');
					const cluster = await startCluster(entry, { ...environment, cluster: environment.cluster }, log);
					onEnd = (reason) => cluster.shutDown(reason);
					return cluster.address;
				}
				const clock = systemClock();
				const end = createEnd(clock, async (reason) => {
					if (serving) return (ended ??= shutDown(reason, partsOf(serving)));
					log.info(`Ending before the server was ready: ${reason}`);
				});
				// Before there is anything to end, because the first process of a container ignores signals that nobody handles.
				if (!worker) onSignals(end);
				const { running, address, announcement } = await listen(entry, environment, log, worker);
				serving = running;
				if (worker) {
					const shut = (reason: string): Promise<void> => (ended ??= shutDown(reason, partsOf(running)));
					worker.onShutdown(() => running.built.life.announceEnd(), shut);
					worker.ready(address.port);
					return address;
				}
				const { core, built } = running;
				if (environment.listenFd !== undefined && environment.idleTimeoutMs !== undefined) {
					endWhenIdle(end, clock, {
						ms: environment.idleTimeoutMs,
						requests: () => built.life.requests,
						isBusy: () => built.http.active > 0 || (core?.platform.connections ?? 0) > 0
					});
				}
				log.info(announcement);
				return address;
			} catch (error) {
				const reason = error instanceof StartError ? error.message.replaceAll('\n', ' ') : undefined;
				if (reason === undefined) log.error('The server did not start', error);
				if (worker) await worker.refuse(reason ?? String(error));
				else if (reason !== undefined) log.error(`The server did not start. ${reason}`);
				process.exit(1);
			}
		},
		handler(request, response, next) {
			embedHttp().then(
				(answer) => answer(request, response, 'encrypted' in request.socket),
				(error: unknown) => {
					if (next) return next(error);
					consoleLog().error('The app could not be loaded', error);
					response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end('Internal Server Error');
				}
			);
		},
		async attach(server) {
			const running = await embed();
			const { attach } = await import('../transport/node/attach.ts');
			const core = await running.built.serve(
				async (sockets) => (sockets ? attach(server, sockets) : NOWHERE),
				'setSecureContext' in server
			);
			serving = { ...running, core };
		},
		async drain() {
			await serving?.core?.drain();
		},
		async shutdown(reason = 'shutdown') {
			if (onEnd) await onEnd(reason);
			else if (serving) await (ended ??= shutDown(reason, partsOf(serving)));
		}
	};
}

/** What the environment asks of this process: the primary has told its workers where to listen, and does the waiting for them. */
function asked(environment: Environment, worker: Worker | undefined): Environment {
	if (!worker) return environment;
	const { port, mode, transport } = worker;
	return { ...environment, port, transport, reusePort: mode === 'reuseport', shutdownDelayMs: 0, cluster: undefined };
}

/** A server that answers, and what it is made of. */
interface Running {
	readonly built: Built;
	readonly environment: Environment;
	readonly log: Log;
	/** Absent until there is a listener. */
	readonly core?: ServerCore;
}

/** The listener of an app without an endpoint on somebody else's server. */
const NOWHERE: Listener = {
	port: 0,
	publish() {},
	stopAccepting() {},
	[Symbol.asyncDispose]: () => Promise.resolve()
};

async function listen(
	entry: Entry,
	environment: Environment,
	log: Log,
	worker: Worker | undefined
): Promise<{ readonly running: Running; readonly address: Address; readonly announcement: string }> {
	const { host, port, socketPath, listenFd, tls } = environment;
	const transport = await chooseTransport(environment.transport, log).catch(refuse);
	refuseNodeOnly(transport, environment, entry.settings.envPrefix);
	if (environment.idleTimeoutMs !== undefined && listenFd === undefined)
		log.warn(
			`${entry.settings.envPrefix}IDLE_TIMEOUT has no effect: nobody would start the server again. It is for servers that a service manager starts with LISTEN_FDS.`
		);
	const built = await loadBuilt(entry, environment, log);
	const core = await built.serve(
		(sockets) =>
			transport
				.listen({
					host,
					port,
					http: built.life.hold(built.http),
					sharePort: environment.reusePort,
					...(sockets && { sockets }),
					...(worker?.handed && { handed: worker.handed }),
					...(tls && { tls }),
					...(socketPath === undefined ? {} : { socketPath }),
					...(listenFd === undefined ? {} : { fd: listenFd }),
					...(environment.keepAliveTimeoutMs === undefined ? {} : { keepAliveTimeoutMs: environment.keepAliveTimeoutMs }),
					...(environment.headersTimeoutMs === undefined ? {} : { headersTimeoutMs: environment.headersTimeoutMs })
				})
				.catch(refuse),
		tls !== undefined,
		worker
	);
	if (core.listener.reloadCertificate) reloadOnHangUp(() => core.listener.reloadCertificate?.(), log);
	const note = transport.name === 'uws' ? '' : ` (${transport.name} transport)`;
	return {
		running: { built, environment, log, core },
		address: { host, port: core.listener.port, path: socketPath },
		announcement: `Listening on ${placeOf(environment, core.listener.port)}${note}`
	};
}

function placeOf({ host, socketPath, listenFd, tls }: Environment, port: number): string {
	const scheme = tls ? 'https' : 'http';
	if (listenFd !== undefined) return `${scheme} at descriptor ${listenFd}`;
	if (socketPath !== undefined) return `${scheme} at ${socketPath}`;
	return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function refuse(error: unknown): never {
	throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
}

/** Takes a renewed certificate from its files on SIGHUP, the signal that asks services to read their configuration again. */
function reloadOnHangUp(reload: () => Promise<void> | undefined, log: Log): void {
	process.on('SIGHUP', () => {
		Promise.resolve(reload()).then(
			() => log.info('The certificate was renewed for new connections'),
			(error: unknown) => log.error('The certificate was not renewed', error)
		);
	});
}

function partsOf({ built, environment, log, core }: Running): ShutdownParts {
	const { http, life } = built;
	const clock = systemClock();
	/** Clients answer a close frame; until they have, ending the process could take it away from them. */
	const socketsGone = async (): Promise<void> => {
		const end = clock.now() + 1000;
		while (core && core.platform.connections > 0 && clock.now() < end)
			await new Promise<void>((resolve) => clock.after(10, resolve));
	};
	return {
		announce: () => life.announceEnd(),
		clock,
		log,
		delayMs: environment.shutdownDelayMs,
		timeoutMs: environment.shutdownTimeoutMs,
		drain: async () => {
			life.close();
			await core?.drain();
			await socketsGone();
		},
		idle: () => life.quiet(http, clock),
		dispose: async () => core?.[Symbol.asyncDispose]()
	};
}
