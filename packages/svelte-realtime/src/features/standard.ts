import type { Feature } from '../runtime/host.ts';
import { call } from './call.ts';
import { stream } from './stream/index.ts';

/** What a server installs when it is not told otherwise. */
export const standard: readonly Feature<any>[] = [call, stream];
