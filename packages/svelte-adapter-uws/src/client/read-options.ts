import type { ClientOptions, CoreOptions } from './client.ts';
import { currentEnvironment } from './environment.ts';
import { createAskingSocket } from './preflight.ts';

/** Where a server takes the preflight unless it is told otherwise. */
const AUTH_PATH = '/__ws/auth';
const LIMITS = ['reconnectInterval', 'maxReconnectInterval', 'maxMessageLength'] as const;

/** What an app gave, checked; with `auth`, sockets ask before they open. Throws a RangeError that names the option. */
export function readOptions({ auth, ...options }: ClientOptions): CoreOptions {
	for (const name of LIMITS) {
		const value = options[name] ?? 1;
		if (!(value > 0)) throw new RangeError(`${name}: got ${value}, expected a number above 0.`);
	}
	const { maxReconnectAttempts = 0 } = options;
	if (!(maxReconnectAttempts >= 0))
		throw new RangeError(`maxReconnectAttempts: got ${maxReconnectAttempts}, expected 0 or more.`);
	if (!auth) return options;
	const openSocket = options.openSocket ?? currentEnvironment().openSocket;
	return { ...options, openSocket: (url) => createAskingSocket(url, auth === true ? AUTH_PATH : auth, openSocket) };
}
