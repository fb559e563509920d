import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Listener, Socket, SocketHandler } from '../contract/transport.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { encodeWelcome } from '../protocol/control.ts';
import { Audience } from './audience.ts';
import { FanOut } from './fan-out.ts';
import { createReport, isThenable } from './isolation.ts';
import type { ServerCore, ServerParts } from './parts.ts';
import { createPlatform, derivePlatform } from './platform.ts';
import { Publisher } from './publisher.ts';
import { Sequencer } from './sequencer.ts';
import { Session, type SessionParts } from './session.ts';
import { Subscriptions } from './subscriptions.ts';
import { createUpgrade, type Accepted } from './upgrade.ts';

/**
 * Builds a server out of its parts and starts it: listens, starts the bus, and awaits the `init` hook. Rejects with what
 * went wrong, and with nothing left running.
 */
export async function createServerCore(parts: ServerParts): Promise<ServerCore> {
	const { clock, log, telemetry, options, randomId } = parts;
	let hooks = parts.hooks;
	let listener: Listener | undefined;
	let draining: Promise<void> | undefined;

	const sessions = new Set<Session>();
	const audience = new Audience();
	const sequencer = new Sequencer(randomId().slice(0, 12));
	const report = createReport(log, telemetry);
	const fanOut = new FanOut(audience, (topic, frame) => listener?.publish(topic, frame));
	const publisher = new Publisher({ audience, sequencer, fanOut, bus: parts.bus, clock, log, telemetry });
	const subscriptions = new Subscriptions({ hooks: () => hooks, report, telemetry, ...options });
	const platform = createPlatform({
		...{ publisher, audience, subscriptions, log },
		requestId: randomId(),
		epoch: sequencer.epoch,
		maxPayloadLength: options.maxPayloadLength,
		connections: sessions
	});
	const platformFor = (requestId: string) => derivePlatform(platform, requestId);

	const sessionParts: SessionParts = {
		...{ publisher, audience, platformFor, randomId, subscriptions, report, telemetry },
		now: clock.now,
		hooks: () => hooks,
		ended: (session) => void sessions.delete(session)
	};

	const handler: SocketHandler<Accepted> = {
		upgrade: createUpgrade({ hooks: () => hooks, options, clock, log, report, randomId }),
		open(socket: Socket, { userData, requestId }) {
			const session = new Session(sessionParts, socket, userData, requestId);
			sessions.add(session);
			session.sendFrame(encodeWelcome(session.id, sequencer.epoch, options.maxPayloadLength));
			if (hooks.open) runOpen(session, hooks.open);
			return session;
		}
	};

	function runOpen(session: Session, open: NonNullable<WebSocketHooks['open']>): void {
		const failed = (error: unknown): void => {
			report('open', error);
			session.close(CLOSE_CODES.INTERNAL, 'open failed');
		};
		try {
			const result = open.call(hooks, session, { platform: session.platform });
			if (isThenable(result)) void Promise.resolve(result).catch(failed);
		} catch (error) {
			failed(error);
		}
	}

	function closeAll(code: number, reason: string): void {
		publisher.flush();
		for (const session of [...sessions]) session.close(code, reason);
	}

	const shutdownHook = async (): Promise<void> => {
		try {
			await hooks.shutdown?.({ platform });
		} catch (error) {
			report('shutdown', error);
		}
	};

	const drain = async (): Promise<void> => {
		await shutdownHook();
		listener?.stopAccepting();
		closeAll(CLOSE_CODES.GOING_AWAY, 'Server shutting down');
	};

	listener = await parts.listen(handler);
	const started: Listener = listener;
	let bus: AsyncDisposable | undefined;
	try {
		bus = await parts.bus?.start((message) => publisher.receive(message));
		await hooks.init?.({ platform });
	} catch (error) {
		await bus?.[Symbol.asyncDispose]();
		await started[Symbol.asyncDispose]();
		throw error;
	}

	return {
		platform,
		listener: started,
		platformFor,
		async replaceHooks(next) {
			await shutdownHook();
			hooks = next;
			closeAll(CLOSE_CODES.RESTART, 'Handler reloaded');
			await hooks.init?.({ platform });
		},
		drain: () => (draining ??= drain()),
		async [Symbol.asyncDispose]() {
			await (draining ??= drain());
			await bus?.[Symbol.asyncDispose]();
			await started[Symbol.asyncDispose]();
		}
	};
}
