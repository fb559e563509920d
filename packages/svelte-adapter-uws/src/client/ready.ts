import type { WaitOptions } from '../contract/client.ts';
import type { Core } from './client.ts';

/**
 * Resolves when the client is connected, at once when it never will be because there is no address; rejects when it has failed for
 * good, and with the reason of `signal` when that aborts.
 */
export function whenReady(client: Core, { signal }: WaitOptions = {}): Promise<void> {
	let stop = (): void => {};
	return new Promise<void>((resolve, reject) => {
		const abort = (): void => reject(signal!.reason);
		const leave = client.status.subscribe((status) => {
			const failure = client.failure.subscribe;
			if (status === 'failed') failure((now) => reject(new Error(`Connection closed: ${now?.reason ?? 'by close()'}`)))();
			else if (client.idle || client.connected) resolve();
		});
		signal?.addEventListener('abort', abort);
		if (signal?.aborted) abort();
		stop = () => {
			leave();
			signal?.removeEventListener('abort', abort);
		};
	}).finally(() => stop());
}
