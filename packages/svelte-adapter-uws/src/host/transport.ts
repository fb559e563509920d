import type { Log } from '../contract/log.ts';
import type { Transport } from '../contract/transport.ts';
import type { Environment } from './env.ts';
import { StartError } from './start-error.ts';

/**
 * Takes the native transport where it loads, else node's, and says so in one line. A `forced` transport that does not load rejects with
 * why, and how to install it.
 */
export async function chooseTransport(
	forced: 'uws' | 'node' | undefined,
	log: Log,
	load: () => Promise<Transport> = loadNative
): Promise<Transport> {
	if (forced === 'node') return loadNode();
	try {
		return await load();
	} catch (error) {
		if (forced === 'uws') throw error;
		log.warn(`Running on the node transport. ${error instanceof Error ? error.message : String(error)}`);
		return loadNode();
	}
}

// Each has modules that the other does without, and loading them is most of a cold start.
const loadNative = async (): Promise<Transport> => (await import('../transport/uws/index.ts')).loadUws();
const loadNode = async (): Promise<Transport> => (await import('../transport/node/index.ts')).nodeTransport;

/** Throws a StartError when the environment asks the native transport for what its engine has no setting for. */
export function refuseNodeOnly(
	transport: Transport,
	{ listenFd, keepAliveTimeoutMs, headersTimeoutMs }: Pick<Environment, 'listenFd' | 'keepAliveTimeoutMs' | 'headersTimeoutMs'>,
	prefix: string
): void {
	if (transport.name !== 'uws') return;
	const asked = [
		listenFd === undefined ? '' : 'LISTEN_FDS',
		keepAliveTimeoutMs === undefined ? '' : `${prefix}KEEP_ALIVE_TIMEOUT`,
		headersTimeoutMs === undefined ? '' : `${prefix}HEADERS_TIMEOUT`
	].filter((name) => name !== '');
	if (asked.length === 0) return;
	throw new StartError(
		`${asked.join(', ')}: the native transport cannot do that: uWebSockets.js takes over no sockets, and its HTTP timeouts of 10 seconds are fixed. Set ${prefix}TRANSPORT=node, or unset ${asked.length === 1 ? 'it' : 'them'}.`
	);
}
