import type { CloseContext, WebSocketHooks } from '../contract/hooks.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { Frame, Socket, SocketEvents } from '../contract/transport.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { CAPS, PONG, RESUMED, type ClientControl } from '../protocol/control.ts';
import { looksLikeControl, parseControl } from '../protocol/parse.ts';
import { variantOf } from './audience.ts';
import { ServerConnection, sizeOf, type ConnectionParts } from './connection.ts';
import { isolate, isThenable, type Report } from './isolation.ts';
import { LIMITS } from './limits.ts';
import { Message } from './messages.ts';
import { readResume } from './resume.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What every session of one server shares. */
export interface SessionParts extends ConnectionParts {
	readonly hooks: () => WebSocketHooks;
	readonly subscriptions: Subscriptions;
	readonly report: Report;
	readonly telemetry: Telemetry;
	/** Called once when the session is over, before the `close` hook. */
	readonly ended: (session: Session) => void;
}

/** Frames that came while a hook was deciding on an earlier one. */
interface Waiting {
	frames: Frame[];
	size: number;
}

const encoder = new TextEncoder();

/** The inbound side of one connection: each frame goes to the one part that answers it, in the order of arrival. */
export class Session extends ServerConnection implements SocketEvents {
	readonly #parts: SessionParts;
	#waiting: Waiting | undefined;

	constructor(parts: SessionParts, socket: Socket, userData: unknown, requestId: string | undefined) {
		super(parts, socket, userData, requestId);
		this.#parts = parts;
	}

	message(frame: Frame): void {
		this.messagesIn++;
		this.bytesIn += sizeOf(frame);
		if (this.#waiting) return this.#wait(this.#waiting, frame);
		const pending = this.#handle(frame);
		if (pending) this.#hold(pending);
	}

	drain(): void {
		const hooks = this.#parts.hooks();
		if (hooks.drain) isolate(this.#parts.report, 'drain', () => hooks.drain?.(this, { platform: this.platform }));
	}

	closed(code: number, reason: string): void {
		this.#waiting = undefined;
		const subscriptions = this.release();
		this.#parts.ended(this);
		const hooks = this.#parts.hooks();
		if (!hooks.close) return;
		const { id, messagesIn, bytesIn, messagesOut, bytesOut, platform } = this;
		const duration = this.#parts.now() - this.openedAt;
		const message = encoder.encode(reason).buffer as ArrayBuffer;
		const context: CloseContext = { code, message, subscriptions, id, duration, messagesIn, bytesIn, messagesOut, bytesOut, platform };
		isolate(this.#parts.report, 'close', () => hooks.close?.(this, context));
	}

	/** Gives a promise while a hook decides; nothing of this connection is handled before it settles. */
	#handle(frame: Frame): Promise<unknown> | undefined {
		if (typeof frame === 'string' && looksLikeControl(frame)) {
			const control = parseControl(frame);
			if (control) return this.#control(control);
		}
		const hooks = this.#parts.hooks();
		if (hooks.message) isolate(this.#parts.report, 'message', () => hooks.message?.(this, new Message(frame, this)));
		return undefined;
	}

	#control(frame: ClientControl): Promise<unknown> | undefined {
		switch (frame.type) {
			case 'hello':
				this.changeVariant(variantOf(frame.caps.includes(CAPS.batch), frame.caps.includes(CAPS.epoch)));
				return undefined;
			case 'ping':
				this.sendFrame(PONG);
				return undefined;
			case 'subscribe':
				return this.#parts.subscriptions.subscribe(this, [frame.topic], frame.ref);
			case 'subscribe-batch':
				return this.#parts.subscriptions.subscribe(this, frame.topics, frame.ref);
			case 'unsubscribe':
				this.#parts.subscriptions.leave(this, frame.topic);
				return undefined;
			case 'resume':
				return this.#resume(frame);
			case 'reply':
				// No request is open, so this answers one that has timed out.
				return undefined;
		}
	}

	#resume(frame: Extract<ClientControl, { type: 'resume' }>): Promise<unknown> | undefined {
		const hooks = this.#parts.hooks();
		const acknowledge = (): void => void this.sendFrame(RESUMED);
		try {
			const result = hooks.resume?.(this, readResume(frame, this.platform));
			if (isThenable(result)) {
				return Promise.resolve(result)
					.catch((error: unknown) => this.#parts.report('resume', error))
					.then(acknowledge);
			}
		} catch (error) {
			this.#parts.report('resume', error);
		}
		acknowledge();
		return undefined;
	}

	#hold(pending: Promise<unknown>): void {
		this.#waiting = { frames: [], size: 0 };
		void pending.then(() => this.#goOn());
	}

	#wait(waiting: Waiting, frame: Frame): void {
		waiting.frames.push(frame);
		waiting.size += frame.length;
		if (waiting.frames.length <= LIMITS.waitingFrames && waiting.size <= LIMITS.waitingSize) return;
		this.#parts.telemetry({ name: 'limit.waitingFrames' });
		this.#waiting = { frames: [], size: 0 };
		this.close(CLOSE_CODES.THROTTLED, 'too many frames while a subscribe is decided');
	}

	#goOn(): void {
		const frames = this.#waiting?.frames ?? [];
		this.#waiting = undefined;
		for (let i = 0; i < frames.length; i++) {
			if (!this.open) return;
			const pending = this.#handle(frames[i]!);
			if (!pending) continue;
			this.#hold(pending);
			for (const later of frames.slice(i + 1)) this.#wait(this.#waiting!, later);
			return;
		}
	}
}
