import { vi } from 'vitest';

const { waitFor } = vi;
/** What `expect.poll` has by the configuration, which says nothing of `waitFor`. */
const BOUND = { timeout: 15_000 };

vi.waitFor = (check, options = {}) => waitFor(check, typeof options === 'number' ? options : { ...BOUND, ...options });
