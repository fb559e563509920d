import type { Log } from '../contract/log.ts';
import type { Transport } from '../contract/transport.ts';
import { nodeTransport } from '../transport/node/index.ts';
import { loadUws } from '../transport/uws/index.ts';

/**
 * Takes the native transport where it loads, else node's, and says so in one line. A `forced` transport that does not load rejects with
 * why, and how to install it.
 */
export async function chooseTransport(
	forced: 'uws' | 'node' | undefined,
	log: Log,
	load: () => Promise<Transport> = loadUws
): Promise<Transport> {
	if (forced === 'node') return nodeTransport;
	try {
		return await load();
	} catch (error) {
		if (forced === 'uws') throw error;
		log.warn(`Running on the node transport. ${error instanceof Error ? error.message : String(error)}`);
		return nodeTransport;
	}
}
