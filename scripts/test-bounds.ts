import { inject, vi } from 'vitest';

declare module 'vitest' {
	interface ProvidedContext {
		/** How long a condition is waited for, in milliseconds. */
		patienceMs: number;
	}
}

const { waitFor, waitUntil } = vi;
/** What `expect.poll` has by the configuration, which says nothing of these. */
const BOUND = { timeout: inject('patienceMs') };
type Options<Wait extends typeof waitFor | typeof waitUntil> = Parameters<Wait>[1];
const bounded = (options: Options<typeof waitFor>) => (typeof options === 'number' ? options : { ...BOUND, ...options });

vi.waitFor = (check, options) => waitFor(check, bounded(options));
vi.waitUntil = (check, options) => waitUntil(check, bounded(options));
