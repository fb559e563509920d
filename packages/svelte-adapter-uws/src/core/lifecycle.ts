import type { Clock } from '../contract/clock.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Platform } from '../contract/platform.ts';
import type { Listener } from '../contract/transport.ts';
import { CLOSE_CODES } from '../protocol/close-codes.ts';
import type { Farewell } from './farewell.ts';
import type { Report } from './isolation.ts';
import { within } from './within.ts';

export interface LifecycleParts {
	readonly hooks: WebSocketHooks;
	readonly platform: Platform;
	readonly clock: Clock;
	readonly report: Report;
	/** Milliseconds; 0 = no limit. */
	readonly shutdownTimeoutMs: number;
	/** Refuses handshakes that are being decided and closes every open connection, a slice at a time; resolves after the last. */
	readonly closeAll: (farewell: Farewell) => Promise<void>;
	readonly listener: () => Listener | undefined;
}

const RELOADED: Farewell = { code: CLOSE_CODES.RESTART, reason: 'Handler reloaded' };
const SHUTTING_DOWN: Farewell = { code: CLOSE_CODES.RESTART, reason: 'Server shutting down', spread: true };

/** Which hooks are in force, from the first `init` to the last `shutdown`. */
export class Lifecycle {
	readonly #parts: LifecycleParts;
	#hooks: WebSocketHooks;
	#replaced: Promise<void> = Promise.resolve();
	#drained: Promise<void> | undefined;
	#isClosed = false;

	constructor(parts: LifecycleParts) {
		this.#parts = parts;
		this.#hooks = parts.hooks;
	}

	get hooks(): WebSocketHooks {
		return this.#hooks;
	}

	/** Why a connection that these hooks accepted comes too late; `undefined` = it does not. */
	farewell(hooks: WebSocketHooks): Farewell | undefined {
		if (this.#isClosed) return SHUTTING_DOWN;
		return hooks === this.#hooks ? undefined : RELOADED;
	}

	async init(): Promise<void> {
		await this.#hooks.init?.({ platform: this.#parts.platform });
	}

	/** One replacement after the other; none once the server drains. */
	replace(next: WebSocketHooks): Promise<void> {
		const replaced = this.#replaced.then(() => this.#replace(next));
		this.#replaced = replaced.catch(() => {});
		return replaced;
	}

	drain(): Promise<void> {
		return (this.#drained ??= this.#drain());
	}

	async #replace(next: WebSocketHooks): Promise<void> {
		if (this.#drained) return;
		await this.#shutdown();
		this.#hooks = next;
		await this.#parts.closeAll(RELOADED);
		await this.init();
	}

	async #drain(): Promise<void> {
		await this.#shutdown();
		this.#parts.listener()?.stopAccepting();
		this.#isClosed = true;
		await this.#parts.closeAll(SHUTTING_DOWN);
	}

	async #shutdown(): Promise<void> {
		const { platform, clock, report, shutdownTimeoutMs: ms } = this.#parts;
		try {
			await within(clock, ms, Promise.resolve(this.#hooks.shutdown?.({ platform })));
		} catch (error) {
			report('shutdown', error);
		}
	}
}
