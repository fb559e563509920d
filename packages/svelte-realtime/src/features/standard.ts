import type { Feature } from '../runtime/host.ts';
import { createCall } from './call.ts';
import { cron } from './cron/index.ts';
import { room } from './room/index.ts';
import { lock } from './step/lock.ts';
import { open } from './step/public.ts';
import { rateLimit } from './step/rate-limit.ts';
import { scoped } from './step/scoped.ts';
import { validated } from './step/validated.ts';
import { stream } from './stream/index.ts';

/** What a server installs when it is not told otherwise. */
export const standard: readonly Feature<any>[] = [createCall([validated, rateLimit, scoped, lock, open]), stream, cron, room];
