import type { Denial, Failure, Readable, Status, WaitOptions } from '../../contract/client.ts';
import { follow, openPage } from '../page.ts';
import { whenReady } from '../ready.ts';

/** How the page's connection is; see `Status`. */
export const status: Readable<Status> = /* @__PURE__ */ follow<Status>('disconnected', (client) => client.status);

/** Why the page is not connected; `null` while it is, before the first failure and after `close()`. */
export const failure: Readable<Failure | null> = /* @__PURE__ */ follow<Failure | null>(null, (client) => client.failure);

/** The latest subscribe that the server refused. */
export const denials: Readable<Denial | null> = /* @__PURE__ */ follow<Denial | null>(null, (client) => client.denials);

/**
 * Resolves when the page is connected, and at once while it is rendered on the server. Rejects when the connection has ended for
 * good, and when `signal` aborts.
 */
export function ready(options?: WaitOptions): Promise<void> {
	return whenReady(openPage(), options);
}
