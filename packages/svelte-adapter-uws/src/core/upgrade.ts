import type { Clock } from '../contract/clock.ts';
import type { UpgradeResponse, WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { HeaderList } from '../contract/http.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { UpgradeDecision, UpgradeRequest } from '../contract/transport.ts';
import type { Admission, Slot } from './admission.ts';
import { Handshake } from './handshake.ts';
import { atOnce, isThenable, type Report } from './isolation.ts';
import { isOriginAllowed } from './origin.ts';
import type { ServerOptions } from './parts.ts';
import { ResponseHeaders } from './response-headers.ts';
import { readTerms, type Terms } from './terms.ts';
import type { UpgradeRate } from './upgrade-rate.ts';
import { UserData } from './user-data.ts';

/** What an accepted handshake carries to the open of its socket. */
export interface Accepted {
	readonly userData: object;
	/** Absent: one is made when somebody asks. */
	readonly requestId: string | undefined;
	/** The hooks that decided; they go on with the connection. */
	readonly hooks: WebSocketHooks;
	readonly terms: Terms;
	/** How many revocations there had been when the handshake began. */
	readonly revocations: number;
	/** Held until the socket is open. */
	readonly slot: Slot;
}
type Decision = UpgradeDecision<Accepted>;

/** What is known of a handshake before the hook decides. */
type Known = Pick<Accepted, 'hooks' | 'slot' | 'revocations'>;

const PARTS = ['userData', 'headers', 'terms'] as const;

export interface UpgradeParts {
	readonly hooks: () => WebSocketHooks;
	readonly options: ServerOptions;
	readonly clock: Clock;
	readonly log: Log;
	readonly telemetry: Telemetry;
	readonly report: Report;
	readonly randomId: () => string;
	readonly rate: UpgradeRate;
	readonly admission: Admission;
	/** How many revocations there have been. */
	readonly revocations: () => number;
}

/** admission -> rate -> origin -> `upgrade` hook -> decision, for each handshake. */
export class Upgrades {
	readonly #parts: UpgradeParts;
	readonly #userData: UserData;
	readonly #headers: ResponseHeaders;
	/** Ends the wait for each hook that has not decided yet. */
	readonly #waiting = new Set<(decision: Decision) => void>();

	constructor(parts: UpgradeParts) {
		this.#parts = parts;
		this.#userData = new UserData(parts.log);
		this.#headers = new ResponseHeaders(parts.log);
	}

	/** Gives a promise only when the hook does. Never throws or rejects. */
	decide(request: UpgradeRequest): Decision | Promise<Decision> {
		const slot = this.#parts.admission.enter(request);
		if (!slot) return this.#refuse(503, 'The server is at its upgrade capacity');
		const decision = this.#decide(request, slot);
		return isThenable(decision)
			? (decision as Promise<Decision>).then((settled) => this.#handOver(settled, request, slot))
			: this.#handOver(decision, request, slot);
	}

	/** Refuses every handshake that is being decided with 503; what the hooks say later is forgotten. */
	refusePending(): void {
		for (const settle of this.#waiting) settle(this.#refuse(503, 'Service Unavailable'));
	}

	#decide(request: UpgradeRequest, slot: Slot): Decision | Promise<Decision> {
		const { options, randomId, report, rate } = this.#parts;
		const hooks = this.#parts.hooks();
		if (!rate.admit(options.clientAddress(request))) return this.#refuse(429, 'Too many upgrade requests', rate.retryAfter);
		if (!isOriginAllowed(options.origin, request, hooks.upgrade !== undefined)) return this.#refuse(403, 'Origin not allowed');
		const handshake = new Handshake(request, options, randomId);
		const known: Known = { hooks, slot, revocations: this.#parts.revocations() };
		const failed = (error: unknown): Decision => {
			report('upgrade', error, handshake.requestId);
			return this.#refuse(500, 'Internal Server Error');
		};
		try {
			const result = hooks.upgrade?.(handshake);
			if (!isThenable(result)) return this.#accept(result, handshake, known);
			return this.#wait(
				Promise.resolve(result)
					.then((value) => this.#accept(value, handshake, known))
					.catch(failed),
				request.signal
			);
		} catch (error) {
			return failed(error);
		}
	}

	/** An accepted handshake waits until its turn has room for it. */
	#handOver(decision: Decision, request: UpgradeRequest, slot: Slot): Decision | Promise<Decision> {
		if (decision.accept) return this.#parts.admission.turn(request)?.then(() => decision) ?? decision;
		slot.release();
		return decision;
	}

	#accept(result: unknown, handshake: Handshake, known: Known): Decision {
		if (result === false) return this.#refuse(401, 'Unauthorized');
		const response = isUpgradeResponse(result) ? result : undefined;
		for (const part of PARTS) atOnce(`The ${part} of upgradeResponse`, response?.[part]);
		const terms = readTerms(response?.terms);
		if (terms.expiresAt <= Date.now()) return this.#refuse(401, 'Unauthorized');
		const userData = this.#userData.from(response ? response.userData : result, () => handshake.remoteAddress);
		const data: Accepted = { ...known, userData, requestId: handshake.knownRequestId, terms };
		return response ? { accept: true, data, headers: this.#headers.from(response.headers) } : { accept: true, data };
	}

	/** The decision, or 504 when it is not there in time. Nothing waits any more once the client has left. */
	#wait(decided: Promise<Decision>, signal: AbortSignal): Promise<Decision> {
		const { clock, options } = this.#parts;
		return new Promise((resolve) => {
			const settle = (decision: Decision): void => {
				if (!this.#waiting.delete(settle)) return;
				timer?.[Symbol.dispose]();
				signal.removeEventListener('abort', left);
				resolve(decision);
			};
			const left = (): void => settle(this.#refuse(499, 'Client left'));
			const ms = options.upgradeTimeoutMs;
			const timer = ms > 0 ? clock.after(ms, () => settle(this.#refuse(504, 'Gateway Timeout'))) : undefined;
			this.#waiting.add(settle);
			signal.addEventListener('abort', left);
			if (signal.aborted) left();
			void decided.then(settle);
		});
	}

	#refuse(status: number, body: string, headers?: HeaderList): Decision {
		this.#parts.telemetry({ name: 'upgrade.refused', labels: { status: String(status) } });
		return headers ? { accept: false, status, body, headers } : { accept: false, status, body };
	}
}

function isUpgradeResponse(value: unknown): value is UpgradeResponse {
	return typeof value === 'object' && value !== null && '__upgradeResponse' in value && value.__upgradeResponse === true;
}
