import { parseCookie } from 'cookie';
import type { Clock } from '../contract/clock.ts';
import type { UpgradeContext, UpgradeResponse, WebSocketHooks } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';
import type { UpgradeDecision, UpgradeRequest } from '../contract/transport.ts';
import { isThenable, type Report } from './isolation.ts';
import { isOriginAllowed } from './origin.ts';
import type { ServerOptions } from './parts.ts';

/** What an accepted handshake carries to the open of its socket. */
export interface Accepted {
	readonly userData: object;
	/** Absent: one is made when somebody asks. */
	readonly requestId: string | undefined;
}
type Decision = UpgradeDecision<Accepted>;

export interface UpgradeParts {
	readonly hooks: () => WebSocketHooks;
	readonly options: ServerOptions;
	readonly clock: Clock;
	readonly log: Log;
	readonly report: Report;
	readonly randomId: () => string;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Takes an inbound `X-Request-ID` of 1 to 128 printable characters; `undefined` for any other. */
export function readRequestId(header: string): string | undefined {
	const id = header.trim();
	return REQUEST_ID.test(id) ? id : undefined;
}

/** origin -> `upgrade` hook -> decision. Gives a promise only when the hook does. */
export function createUpgrade(parts: UpgradeParts): (request: UpgradeRequest) => Decision | Promise<Decision> {
	const { options, clock, log, report } = parts;
	let warnedAboutValue = false;

	const toDecision = (result: unknown, context: Context): Decision => {
		if (result === false) return refuse(401, 'Unauthorized');
		const response = isUpgradeResponse(result) ? result : undefined;
		const value = response ? response.userData : result;
		if (value && typeof value !== 'object' && !warnedAboutValue) {
			warnedAboutValue = true;
			log.warn(`The upgrade hook returned ${typeof value}. Return an object to keep as user data, or false to refuse.`);
		}
		const userData: { remoteAddress?: unknown } = typeof value === 'object' && value !== null ? value : {};
		if (!userData.remoteAddress && Object.isExtensible(userData)) userData.remoteAddress = context.remoteAddress;
		const data = { userData, requestId: context.givenRequestId };
		return response ? { accept: true, data, headers: toHeaders(response.headers) } : { accept: true, data };
	};

	const failed = (error: unknown): Decision => {
		report('upgrade', error);
		return refuse(500, 'Internal Server Error');
	};

	return (request) => {
		const hooks = parts.hooks();
		if (!isOriginAllowed(options.origin, request, hooks.upgrade !== undefined)) return refuse(403, 'Origin not allowed');
		const context = new Context(request, options, parts.randomId);
		if (!hooks.upgrade) return toDecision(undefined, context);
		try {
			const result = hooks.upgrade(context);
			if (!isThenable(result)) return toDecision(result, context);
			const decided = Promise.resolve(result).then((value) => toDecision(value, context)).catch(failed);
			return options.upgradeTimeoutMs > 0 ? within(clock, options.upgradeTimeoutMs, decided) : decided;
		} catch (error) {
			return failed(error);
		}
	};
}

/** The decision, or 504 when it is not there in time; a late one is forgotten. */
function within(clock: Clock, ms: number, decided: Promise<Decision>): Promise<Decision> {
	return new Promise((resolve) => {
		const timer = clock.after(ms, () => resolve(refuse(504, 'Gateway Timeout')));
		void decided.then((decision) => {
			timer[Symbol.dispose]();
			resolve(decision);
		});
	});
}

function refuse(status: number, body: string): Decision {
	return { accept: false, status, body };
}

function isUpgradeResponse(value: unknown): value is UpgradeResponse {
	return typeof value === 'object' && value !== null && '__upgradeResponse' in value && value.__upgradeResponse === true;
}

function toHeaders(headers: UpgradeResponse['headers']): (readonly [string, string])[] {
	return Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : value.map((one) => [name, one] as const)));
}

/** What the `upgrade` hook sees. Nothing is parsed before it is read. */
class Context implements UpgradeContext {
	readonly givenRequestId: string | undefined;
	readonly #request: UpgradeRequest;
	readonly #options: ServerOptions;
	readonly #randomId: () => string;
	#cookies: Readonly<Record<string, string>> | undefined;
	#requestId: string | undefined;

	constructor(request: UpgradeRequest, options: ServerOptions, randomId: () => string) {
		this.#request = request;
		this.#options = options;
		this.#randomId = randomId;
		this.givenRequestId = readRequestId(request.header('x-request-id'));
	}

	get headers(): Readonly<Record<string, string>> {
		return this.#request.headers;
	}

	get cookies(): Readonly<Record<string, string>> {
		return (this.#cookies ??= readCookies(this.#request.header('cookie')));
	}

	get url(): string {
		return this.#request.url;
	}

	get remoteAddress(): string {
		return this.#options.clientAddress(this.#request);
	}

	get requestId(): string {
		return (this.#requestId ??= this.givenRequestId ?? this.#randomId());
	}
}

/** Cookies without a prototype. The last of several with one name wins; a value that does not decode stays as it is. */
export function readCookies(header: string): Readonly<Record<string, string>> {
	const cookies = Object.create(null) as Record<string, string>;
	for (const pair of header.split(';')) {
		const [entry] = Object.entries(parseCookie(pair));
		if (entry?.[1] !== undefined) cookies[entry[0]] = entry[1];
	}
	return cookies;
}
