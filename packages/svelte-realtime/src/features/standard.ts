import type { Feature } from '../runtime/host.ts';
import { createAggregate } from './aggregate/index.ts';
import { createBinary, createCall, createUpload } from './call.ts';
import { cron } from './cron/index.ts';
import { room } from './room/index.ts';
import { createDerived } from './derived/index.ts';
import { effect } from './effect.ts';
import { breaker } from './step/breaker.ts';
import { idempotent } from './step/idempotent.ts';
import { lock } from './step/lock.ts';
import { open, volatile } from './step/public.ts';
import { rateLimit } from './step/rate-limit.ts';
import { scoped } from './step/scoped.ts';
import { validated } from './step/validated.ts';
import { createStream } from './stream/index.ts';

const steps = [validated, rateLimit, scoped, lock, idempotent, breaker, volatile, open];

const stream = createStream(steps);

/** What a server installs when it is not told otherwise. */
export const standard: readonly Feature<any>[] = [
	createCall(steps),
	createBinary(steps),
	createUpload(steps),
	stream,
	cron,
	room,
	effect,
	createDerived(stream),
	createAggregate(stream)
];
