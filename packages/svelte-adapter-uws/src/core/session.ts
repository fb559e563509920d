import type { UpgradeTerms } from '../contract/connection.ts';
import type { CloseContext, WebSocketHooks } from '../contract/hooks.ts';
import type { Frame, Socket, SocketEvents } from '../contract/transport.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import { CAPS, PONG, RESUMED, type ClientControl, type Resume } from '../protocol/control.ts';
import { looksLikeControl, looksLikeReply, parseControl } from '../protocol/parse.ts';
import { variantOf, type Variant } from './audience.ts';
import type { ConnectionParts } from './connection-parts.ts';
import { ServerConnection } from './connection.ts';
import { isolate, isThenable, type Limit } from './isolation.ts';
import { LIMITS } from './limits.ts';
import { ConnectionContext, Message, toBuffer } from './message.ts';
import type { Refill } from './refill.ts';
import { readResume } from './resume.ts';
import { showSlots } from './slots.ts';
import type { Subscriptions } from './subscriptions.ts';
import { changeTerms, type Terms } from './terms.ts';

/** What every session of one server shares. */
export interface SessionParts extends ConnectionParts {
	readonly subscriptions: Subscriptions;
	readonly limit: Limit;
	readonly refill: Refill;
	/** Called once when the session is over, before the `close` hook. */
	readonly ended: (session: Session) => void;
}

/** What a session begins with. */
export interface SessionStart {
	readonly userData: unknown;
	readonly requestId: string | undefined;
	readonly terms: Terms;
}

/** Frames that came while a hook was deciding on an earlier one. */
interface Waiting {
	readonly frames: Frame[];
	/** Index of the first that has not been handled. */
	next: number;
	/** UTF-16 units or bytes from there on. */
	size: number;
}

const EXPIRED = 'Session expired';
/** Handled frames that may stay in the list before it is cut: a list that is never empty must not grow for ever. */
const COMPACT_AT = 1_024;

/** The inbound side of one connection: each frame goes to the one part that answers it, in the order of arrival. */
export class Session extends ServerConnection<SessionParts> implements SocketEvents {
	#waiting: Waiting | undefined;
	#capabilityChanges = 0;
	#isOver = false;
	#terms: Terms;
	#expiry: Disposable | undefined;

	constructor(parts: SessionParts, socket: Socket, hooks: WebSocketHooks, accepted: SessionStart) {
		super(parts, socket, hooks, accepted);
		this.#terms = accepted.terms;
		this.#expire();
	}

	get session(): string | number | undefined {
		return this.#terms.session;
	}

	/** Takes other terms; what is over already closes the connection. False when it is closed. Throws a TypeError for what is none. */
	renew(terms: UpgradeTerms): boolean {
		this.#terms = changeTerms(this.#terms, terms);
		if (this.#terms.expiresAt <= Date.now()) this.close(CLOSE_CODES.UNAUTHORIZED, EXPIRED);
		else if (this.open) this.#expire();
		return this.open;
	}

	/** Shows the connection in its user data and runs the `open` hook; a failure closes the connection. */
	opened(): void {
		const failed = (error: unknown): void => {
			this.#failed('open')(error);
			this.close(CLOSE_CODES.INTERNAL, 'open failed');
		};
		const open = (): unknown => {
			// The app's own object may refuse it.
			showSlots(this.getUserData(), this);
			return this.hooks.open?.(this, new ConnectionContext(this));
		};
		isolate(open, failed);
	}

	message(frame: Frame): void {
		if (!this.open) return;
		this.messagesIn++;
		if (this.hooks.close) this.bytesIn += this.parts.bytes.count(frame);
		if (this.#waiting && !this.#isAwaited(frame)) return this.#wait(this.#waiting, frame);
		const pending = this.#handle(frame);
		if (pending) this.#hold(pending);
	}

	drain(): void {
		if (!this.open) return;
		this.flushCoalesced();
		if (this.hooks.drain) isolate(() => this.hooks.drain?.(this, new ConnectionContext(this)), this.#failed('drain'));
	}

	/** The connection is over at once, for the app as well; it does not depend on how long the closing handshake takes. */
	override close(code = 1000, reason = ''): void {
		if (!this.open) return;
		super.close(code, reason);
		this.closed(code, reason);
	}

	/** Closes in two steps, so that of connections which go together none hears of the end of another: the second tells the app and the peer. */
	cutOff(code: number, reason: string): () => void {
		if (!this.open) return () => {};
		const held = this.silence();
		return () => {
			this.#ended(code, reason, held);
			this.socket.close(code, reason);
		};
	}

	closed(code: number, reason: string): void {
		if (!this.#isOver) this.#ended(code, reason, this.release());
	}

	#ended(code: number, reason: string, subscriptions: ReadonlySet<string>): void {
		this.#isOver = true;
		this.#expiry?.[Symbol.dispose]();
		this.#waiting = undefined;
		this.parts.ended(this);
		const duration = this.parts.clock.now() - this.openedAt;
		this.parts.telemetry({ name: 'socket.close', value: duration, labels: { code: String(code) } });
		if (!this.hooks.close) return;
		const { id, messagesIn, bytesIn, messagesOut, bytesOut, platform } = this;
		const context: CloseContext = {
			code,
			message: toBuffer(reason),
			subscriptions,
			id,
			duration,
			messagesIn,
			bytesIn,
			messagesOut,
			bytesOut,
			platform
		};
		isolate(() => this.hooks.close?.(this, context), this.#failed('close'));
	}

	/** Closes the connection when its terms end. */
	#expire(): void {
		this.#expiry?.[Symbol.dispose]();
		const left = this.#terms.expiresAt - Date.now();
		this.#expiry =
			left === Infinity ? undefined : this.parts.clock.after(left, () => this.close(CLOSE_CODES.UNAUTHORIZED, EXPIRED));
	}

	#failed(hook: string): (error: unknown) => void {
		return (error) => this.parts.report(hook, error, this.requestId);
	}

	/** Gives a promise while a hook decides; nothing of this connection is handled before it settles. */
	#handle(frame: Frame): Promise<unknown> | undefined {
		if (typeof frame === 'string' && looksLikeControl(frame)) {
			const control = parseControl(frame);
			if (control) return this.#control(control);
		}
		if (!this.hooks.message) return undefined;
		try {
			const result = this.hooks.message(this, new Message(this, frame));
			if (isThenable(result)) void Promise.resolve(result).catch(this.#failed('message'));
		} catch (error) {
			this.#failed('message')(error);
		}
		return undefined;
	}

	#control(frame: ClientControl): Promise<unknown> | undefined {
		switch (frame.type) {
			case 'hello':
				this.#hello(variantOf(frame.caps.includes(CAPS.batch), frame.caps.includes(CAPS.epoch)));
				return undefined;
			case 'ping':
				this.sendFrame(PONG);
				return undefined;
			case 'subscribe':
				return this.parts.subscriptions.answer(this, [frame.topic], frame.ref);
			case 'subscribe-batch':
				return this.parts.subscriptions.answer(this, frame.topics, frame.ref);
			case 'unsubscribe':
				this.parts.subscriptions.withdraw(this, frame.topic);
				return undefined;
			case 'resume':
				return this.#resume(frame);
			case 'reply':
				this.requests?.settle(frame);
				return undefined;
		}
	}

	/** Whether it answers a request: that may be what the hook, for which everything else waits, is waiting for. */
	#isAwaited(frame: Frame): boolean {
		return typeof frame === 'string' && looksLikeReply(frame) && this.requests !== undefined;
	}

	#hello(variant: Variant): void {
		if (variant === this.variant) return;
		if (this.#capabilityChanges++ < LIMITS.capabilityChanges) this.changeVariant(variant);
		else this.parts.telemetry({ name: 'limit.capabilityChanges' });
	}

	#resume(frame: Resume): Promise<unknown> | undefined {
		const acknowledge = (): void => void this.sendFrame(RESUMED);
		const context = readResume(frame, this.platform);
		if (!this.hooks.resume) {
			const refill = this.parts.refill.run(this, context.lastSeen);
			if (refill) return refill.catch(this.#failed('resume')).then(acknowledge);
		}
		try {
			const result = this.hooks.resume?.(this, context);
			if (isThenable(result)) return this.parts.limit(result).catch(this.#failed('resume')).then(acknowledge);
		} catch (error) {
			this.#failed('resume')(error);
		}
		acknowledge();
		return undefined;
	}

	#hold(pending: Promise<unknown>): void {
		this.#waiting ??= { frames: [], next: 0, size: 0 };
		void pending.then(() => this.#goOn());
	}

	#wait(waiting: Waiting, frame: Frame): void {
		waiting.frames.push(frame);
		waiting.size += frame.length;
		if (waiting.frames.length - waiting.next <= LIMITS.waitingFrames && waiting.size <= LIMITS.waitingSize) return;
		this.parts.telemetry({ name: 'limit.waitingFrames' });
		this.close(CLOSE_CODES.THROTTLED, 'too many frames while a hook decides');
	}

	/** Handles what has waited, up to the next frame that makes the others wait. */
	#goOn(): void {
		const waiting = this.#waiting;
		while (waiting && this.open && waiting.next < waiting.frames.length) {
			const frame = waiting.frames[waiting.next++]!;
			waiting.size -= frame.length;
			const pending = this.#handle(frame);
			if (waiting.next > COMPACT_AT) {
				waiting.frames.splice(0, waiting.next);
				waiting.next = 0;
			}
			if (pending) return this.#hold(pending);
		}
		this.#waiting = undefined;
	}
}
