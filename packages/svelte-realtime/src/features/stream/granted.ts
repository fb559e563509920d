import type { Context } from '../../define/context.ts';
import type { RpcRequest } from '../../shared/rpc-frame.ts';
import type { KeptTopics } from './kept-topics.ts';
import type { MissingKeys } from './missing-keys.ts';
import type { Plan } from './plan.ts';
import type { Reloads } from './reloads.ts';
import type { SlowTopics } from './slow-topics.ts';

/** One granted subscribe request. */
export interface Granted {
	readonly plan: Plan;
	readonly reloads: Reloads;
	readonly kept: KeptTopics;
	readonly slow: SlowTopics;
	readonly missing: MissingKeys;
	readonly topic: string;
	readonly context: Context;
	readonly args: readonly unknown[];
	readonly request: RpcRequest;
}
