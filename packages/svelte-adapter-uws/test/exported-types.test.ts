import { expectTypeOf, it } from 'vitest';
import type * as main from '../src/index.ts';
import type * as client from '../src/client.ts';
import type * as vite from '../src/vite.ts';
import type * as testing from '../src/testing.ts';
import type * as channels from '../src/plugins/channels.ts';
import type * as channelsClient from '../src/client/service/channels.ts';
import type * as cursor from '../src/plugins/cursor.ts';
import type * as cursorClient from '../src/client/service/cursor.ts';
import type * as dedup from '../src/plugins/dedup.ts';
import type * as groups from '../src/plugins/groups.ts';
import type * as groupsClient from '../src/client/service/groups.ts';
import type * as lock from '../src/plugins/lock.ts';
import type * as middleware from '../src/plugins/middleware.ts';
import type * as presence from '../src/plugins/presence.ts';
import type * as queue from '../src/plugins/queue.ts';
import type * as ratelimit from '../src/plugins/ratelimit.ts';
import type * as replay from '../src/plugins/replay.ts';
import type * as replayClient from '../src/client/service/replay.ts';
import type * as session from '../src/plugins/session.ts';
import type * as throttle from '../src/plugins/throttle.ts';

/** The types that apps import by name, by entry. */
export interface Exported {
	readonly main: [
		main.AdapterOptions,
		main.WebSocketOptions,
		main.CookieSerializeOptions,
		main.AuthenticateCookies,
		main.UpgradeContext,
		main.AuthenticateContext,
		main.OpenContext,
		main.MessageContext,
		main.CloseContext,
		main.SubscribeContext,
		main.SubscribeDenialReason,
		main.ResumeContext,
		main.LifecycleContext,
		main.WebSocketHandler<{ id: string }>,
		main.PressureSnapshot,
		main.TopicPublishRate,
		main.Platform,
		main.TopicHelper,
		main.WebSocket<{ id: string }>
	];
	readonly client: [
		client.ConnectOptions,
		client.WSEvent<number>,
		client.TopicStore<number>,
		client.SubscribeDenialReason,
		client.FailureClass,
		client.Failure,
		client.WSConnection
	];
	readonly vite: [vite.UWSPluginOptions];
	readonly testing: [testing.TestServerOptions, testing.ChaosScenario, testing.TestPlatform, testing.TestServer];
	readonly plugins: [
		replay.ReplayOptions,
		replay.BufferedMessage,
		replay.ReplayBuffer,
		replayClient.OnReplayOptions,
		replayClient.TruncatedEvent,
		presence.PresenceOptions,
		presence.PresenceTracker,
		channels.Validator,
		channels.EventMap,
		channels.Channel,
		channelsClient.ClientChannel,
		throttle.Limiter,
		throttle.LimiterOptions,
		ratelimit.RateLimitOptions,
		ratelimit.ConsumeResult,
		ratelimit.RateLimiter,
		cursor.CursorOptions,
		cursor.CursorEntry,
		cursor.CursorTracker,
		cursorClient.CursorPosition,
		middleware.MiddlewareContext,
		middleware.MiddlewareFn,
		middleware.Middleware,
		queue.QueueOptions,
		queue.Queue,
		groups.GroupRole,
		groups.GroupOptions,
		groups.GroupMember,
		groups.Group,
		groupsClient.GroupMemberClient,
		groupsClient.GroupStore,
		lock.WithLockOptions,
		lock.LockOptions,
		lock.Lock,
		lock.LockTimeoutError,
		lock.LockClearedError,
		lock.LockQueueFullError,
		session.SessionOptions,
		session.Session,
		dedup.DedupOptions,
		dedup.Dedup
	];
}

it('knows every reason for a denial that the server gives', () => {
	expectTypeOf<'INTERNAL_ERROR'>().toExtend<main.SubscribeDenialReason>();
	expectTypeOf<'UNAUTHENTICATED' | 'FORBIDDEN' | 'INVALID_TOPIC' | 'RATE_LIMITED'>().toExtend<main.SubscribeDenialReason>();
});

it('knows the assertions of a platform', () => {
	expectTypeOf<main.Platform['assertions']>().toEqualTypeOf<ReadonlyMap<string, number>>();
});

it('takes promises from every hook', () => {
	const hooks: main.WebSocketHandler = {
		init: async () => {},
		shutdown: async () => {},
		authenticate: async () => new Response(),
		upgrade: async () => ({ id: 1 }),
		open: async () => {},
		message: async () => {},
		subscribe: async () => false,
		subscribeBatch: async () => ({ a: 'FORBIDDEN' }),
		unsubscribe: async () => {},
		resume: async () => {},
		drain: async () => {},
		close: async () => {}
	};
	expectTypeOf(hooks).toExtend<main.WebSocketHandler>();
});
