import { accessSync, constants } from 'node:fs';
import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import type { Frame, ListenOptions } from '../../contract/transport.ts';
import { withCertificate } from '../shared/tls.ts';
import type { Engine } from './load.ts';

/** One app of the engine, and how many WebSockets it holds. */
export interface Generation {
	readonly app: TemplatedApp;
	sockets: number;
}

/** What the engine offers beyond what its types say. */
type Bind = (host: string, port: number, flags: number, done: (token: us_listen_socket | false) => void) => void;
interface Flags {
	readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

/**
 * The apps behind one listener. An app of the engine keeps its certificate for life, so another certificate takes another app: it
 * accepts from then on, and those before it keep the connections that they have.
 */
export class Generations {
	readonly #engine: Engine;
	readonly #options: ListenOptions;
	readonly #serve: (generation: Generation) => void;
	readonly #all: Generation[] = [];
	/** The socket that accepts; absent once nobody does. */
	#token: us_listen_socket | undefined;
	#isDisposed = false;
	port = 0;

	constructor(engine: Engine, options: ListenOptions, serve: (generation: Generation) => void) {
		this.#engine = engine;
		this.#options = options;
		this.#serve = serve;
	}

	async start(): Promise<void> {
		const generation = this.#create();
		const { port, tls } = this.#options;
		this.#token = await this.#bind(generation.app, port);
		if (port === 0 && tls) {
			// The engine gives only sockets of a given port the options with which another can take over from them.
			const found = this.#engine.us_socket_local_port(this.#token);
			this.stopAccepting();
			this.#token = await this.#bind(generation.app, found);
		}
		this.#all.push(generation);
		this.port = this.#options.socketPath === undefined ? this.#engine.us_socket_local_port(this.#token) : 0;
	}

	/** Accepts with a new app from now on. Rejects, and leaves all as it was, when the certificate cannot be used. */
	async replace(): Promise<void> {
		const old = this.#token;
		if (old === undefined) return;
		const { sharePort, socketPath } = this.#options;
		const overlaps = sharePort && socketPath === undefined;
		const generation = this.#create();
		// What is not shared has to be free first.
		if (!overlaps) this.stopAccepting();
		this.#token = await this.#bind(generation.app, this.port);
		if (overlaps) this.#engine.us_listen_socket_close(old);
		this.#all.push(generation);
	}

	publish(topic: string, frame: Frame): void {
		// An app that never had a socket has no topics either: the engine would reach into nothing.
		for (const { app, sockets } of this.#all) if (sockets > 0) app.publish(topic, frame, typeof frame !== 'string');
	}

	stopAccepting(): void {
		if (this.#token !== undefined) this.#engine.us_listen_socket_close(this.#token);
		this.#token = undefined;
	}

	dispose(): void {
		this.stopAccepting();
		if (this.#isDisposed) return;
		this.#isDisposed = true;
		for (const { app } of this.#all) app.close();
	}

	#create(): Generation {
		const generation: Generation = { app: this.#createApp(), sockets: 0 };
		this.#serve(generation);
		return generation;
	}

	#createApp(): TemplatedApp {
		const { tls } = this.#options;
		if (!tls) return this.#engine.App();
		for (const file of [tls.cert, tls.key]) accessSync(file, constants.R_OK);
		return withCertificate(tls, () => this.#engine.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key }));
	}

	#bind(app: TemplatedApp, port: number): Promise<us_listen_socket> {
		const { host, sharePort, socketPath } = this.#options;
		const flags = sharePort ? 0 : (this.#engine as unknown as Flags).LIBUS_LISTEN_EXCLUSIVE_PORT;
		return new Promise((resolve, reject) => {
			const done = (token: us_listen_socket | false): void => {
				if (token) resolve(token);
				else if (socketPath !== undefined)
					reject(new Error(`Cannot listen on ${socketPath}: the folder is missing or may not be written to. Set SOCKET_PATH`));
				else
					reject(
						new Error(
							`Cannot listen on ${host}:${port}: the port is taken or the address is not this machine's. Stop what uses it, or set PORT and HOST`
						)
					);
			};
			if (socketPath === undefined) (app.listen as unknown as Bind).call(app, host, port, flags, done);
			else app.listen_unix(done, socketPath);
		});
	}
}
