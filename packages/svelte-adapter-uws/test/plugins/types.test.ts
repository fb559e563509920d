import { expectTypeOf, it } from 'vitest';
import type { ClientChannel } from '../../src/client/service/channels.ts';
import type { CursorPosition } from '../../src/client/service/cursor.ts';
import type { GroupMemberClient, GroupStore } from '../../src/client/service/groups.ts';
import type { OnReplayOptions, TruncatedEvent } from '../../src/client/service/replay.ts';
import type { Stores } from '../../src/contract/stores.ts';
import { createChannel, type Channel, type EventMap, type Validator } from '../../src/plugins/channels.ts';
import type { CursorEntry, CursorOptions, CursorTracker } from '../../src/plugins/cursor.ts';
import { createDedup, type Dedup, type DedupOptions } from '../../src/plugins/dedup.ts';
import type { Group, GroupMember, GroupOptions, GroupRole } from '../../src/plugins/groups.ts';
import { createLock, type Lock, type LockOptions, type WithLockOptions } from '../../src/plugins/lock.ts';
import type { Middleware, MiddlewareContext, MiddlewareFn } from '../../src/plugins/middleware.ts';
import { createPresence, type PresenceOptions, type PresenceTracker } from '../../src/plugins/presence.ts';
import { createQueue, type Queue, type QueueOptions } from '../../src/plugins/queue.ts';
import { createRateLimit, type ConsumeResult, type RateLimiter, type RateLimitOptions } from '../../src/plugins/ratelimit.ts';
import { createReplay, type BufferedMessage, type ReplayBuffer, type ReplayOptions } from '../../src/plugins/replay.ts';
import { createSession, type Session, type SessionOptions } from '../../src/plugins/session.ts';
import type { Limiter, LimiterOptions } from '../../src/plugins/throttle.ts';

declare const stores: Stores;

it('gives values at once in one process, and promises with a store', () => {
	const local = () => ({
		presence: createPresence(),
		replay: createReplay({ size: 5 }),
		limiter: createRateLimit({ points: 1, interval: 1 }),
		session: createSession<{ id: string }>({ ttl: 1 }),
		dedup: createDedup({ ttl: 1 }),
		lock: createLock()
	});
	type Local = ReturnType<typeof local>;
	expectTypeOf<Local['presence']>().toEqualTypeOf<PresenceTracker>();
	expectTypeOf<Local['presence']['count']>().returns.toEqualTypeOf<number>();
	expectTypeOf<Local['replay']>().toEqualTypeOf<ReplayBuffer>();
	expectTypeOf<Local['replay']['since']>().returns.toEqualTypeOf<BufferedMessage[]>();
	expectTypeOf<Local['limiter']>().toEqualTypeOf<RateLimiter>();
	expectTypeOf<Local['limiter']['consume']>().returns.toEqualTypeOf<ConsumeResult>();
	expectTypeOf<Local['session']>().toEqualTypeOf<Session<{ id: string }>>();
	expectTypeOf<Local['session']['get']>().returns.toEqualTypeOf<{ id: string } | null>();
	expectTypeOf<Local['dedup']>().toEqualTypeOf<Dedup>();
	expectTypeOf<Local['lock']>().toEqualTypeOf<Lock>();
	const shared = () => ({
		presence: createPresence({ stores }),
		replay: createReplay({ store: stores.replay }),
		limiter: createRateLimit({ points: 1, interval: 1, store: stores.rateLimit }),
		session: createSession<number>({ ttl: 1, store: stores.session }),
		dedup: createDedup({ ttl: 1, store: stores.idempotency }),
		lock: createLock({ store: stores.lock })
	});
	type Shared = ReturnType<typeof shared>;
	expectTypeOf<Shared['presence']['count']>().returns.toEqualTypeOf<Promise<number>>();
	expectTypeOf<Shared['replay']['since']>().returns.toEqualTypeOf<Promise<BufferedMessage[]>>();
	expectTypeOf<Shared['limiter']['consume']>().returns.toEqualTypeOf<Promise<ConsumeResult>>();
	expectTypeOf<Shared['session']['get']>().returns.toEqualTypeOf<Promise<number | null>>();
	expectTypeOf<Shared['dedup']['claim']>().returns.toEqualTypeOf<Promise<boolean>>();
});

it('knows what a channel, a queue and a lock are about', () => {
	const channel = () => createChannel('t', { created: (data: unknown) => Number(data), deleted: null });
	expectTypeOf<Parameters<ReturnType<typeof channel>['publish']>[1]>().toEqualTypeOf<'created' | 'deleted'>();
	const push = () => createQueue().push('k', async () => 5);
	expectTypeOf<ReturnType<typeof push>>().toEqualTypeOf<Promise<number>>();
	const run = () => createLock().withLock('k', () => 'x');
	expectTypeOf<ReturnType<typeof run>>().toEqualTypeOf<Promise<string>>();
});

/** Every name that users import. */
export type Names = [
	ReplayOptions,
	OnReplayOptions,
	TruncatedEvent,
	PresenceOptions,
	Validator,
	EventMap,
	Channel,
	ClientChannel,
	Limiter,
	LimiterOptions,
	RateLimitOptions,
	CursorOptions,
	CursorEntry,
	CursorTracker,
	CursorPosition,
	MiddlewareContext,
	MiddlewareFn,
	Middleware,
	QueueOptions,
	Queue,
	GroupRole,
	GroupOptions,
	GroupMember,
	Group,
	GroupMemberClient,
	GroupStore,
	WithLockOptions,
	LockOptions,
	SessionOptions,
	DedupOptions
];
