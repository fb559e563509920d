import type { Authenticator } from '../contract/authenticator.ts';
import type { Clock } from '../contract/clock.ts';
import type { AuthenticateContext, AuthenticateCookies, WebSocketHooks } from '../contract/hooks.ts';
import type { HeaderList } from '../contract/http.ts';
import type { Platform } from '../contract/platform.ts';
import type { Telemetry } from '../contract/telemetry.ts';
import type { UpgradeRequest } from '../contract/transport.ts';
import { PendingCookies } from './cookies.ts';
import { readRequestId } from './handshake.ts';
import type { Report } from './isolation.ts';
import { isOwnPage } from './origin.ts';
import type { ServerOptions } from './parts.ts';
import type { UpgradeRate } from './upgrade-rate.ts';
import { TimeoutError, within } from './within.ts';

export interface AuthenticationParts {
	readonly hooks: () => WebSocketHooks;
	readonly options: Pick<ServerOptions, 'origin' | 'clientAddress' | 'upgradeTimeoutMs' | 'authenticateOwnPagesOnly'>;
	readonly rate: UpgradeRate;
	readonly clock: Clock;
	readonly telemetry: Telemetry;
	readonly report: Report;
	readonly platformFor: (requestId: string) => Platform;
	readonly randomId: () => string;
}

/** rate -> page -> body -> `authenticate` hook -> response, for each POST that comes before a handshake. */
export class Authentication implements Authenticator {
	readonly #parts: AuthenticationParts;

	constructor(parts: AuthenticationParts) {
		this.#parts = parts;
	}

	get mounted(): boolean {
		return this.#parts.hooks().authenticate !== undefined;
	}

	async answer(asked: UpgradeRequest, read: () => Promise<Request | Response>): Promise<Response> {
		const { hooks, options, rate, clock, report, platformFor, randomId } = this.#parts;
		const { authenticate } = hooks();
		if (!authenticate) return this.#refuse(404, 'Not Found');
		if (!rate.admit(options.clientAddress(asked))) return this.#refuse(429, 'Too many upgrade requests', rate.retryAfter);
		if (options.authenticateOwnPagesOnly && !isOwnPage(options.origin, asked)) return this.#refuse(403, 'Origin not allowed');
		const requestId = readRequestId(asked.header('x-request-id')) ?? randomId();
		const cookies = new PendingCookies(asked.header('cookie'));
		const ask = async (): Promise<Response> => {
			const request = await read();
			if (isResponse(request)) return request;
			const context = new Context(asked, request, cookies, () => options.clientAddress(asked), platformFor(requestId));
			const result: unknown = await authenticate(context);
			return result === false ? this.#refuse(401, 'Unauthorized') : toResponse(result, cookies);
		};
		try {
			return await within(clock, options.upgradeTimeoutMs, ask(), asked.signal);
		} catch (error) {
			if (asked.signal.aborted) return this.#refuse(499, 'Client left');
			if (error instanceof TimeoutError) return this.#refuse(504, 'Gateway Timeout');
			report('authenticate', error, requestId);
			return this.#refuse(500, 'Internal Server Error');
		}
	}

	#refuse(status: number, text: string, headers: HeaderList = []): Response {
		this.#parts.telemetry({ name: 'authenticate.refused', labels: { status: String(status) } });
		return new Response(text, {
			status,
			headers: [
				['content-type', 'text/plain; charset=utf-8'],
				['cache-control', 'no-store'],
				['x-content-type-options', 'nosniff'],
				...headers.map(([name, value]): [string, string] => [name, value])
			]
		});
	}
}

class Context implements AuthenticateContext {
	readonly request: Request;
	readonly cookies: AuthenticateCookies;
	readonly platform: Platform;
	readonly getClientAddress: () => string;
	readonly #asked: UpgradeRequest;

	constructor(
		asked: UpgradeRequest,
		request: Request,
		cookies: AuthenticateCookies,
		getClientAddress: () => string,
		platform: Platform
	) {
		this.#asked = asked;
		this.request = request;
		this.cookies = cookies;
		this.getClientAddress = getClientAddress;
		this.platform = platform;
	}

	get headers(): Readonly<Record<string, string>> {
		return this.#asked.headers;
	}

	get url(): string {
		return this.#asked.url;
	}

	get remoteAddress(): string {
		return this.getClientAddress();
	}
}

/** The hook's answer with the cookies behind its own. Throws for what is no answer. */
function toResponse(result: unknown, cookies: PendingCookies): Response {
	if (result !== undefined && !isResponse(result)) {
		throw new TypeError(
			`authenticate returned ${result === null ? 'null' : `a ${typeof result}`}. Return nothing for 204, false for 401, or a Response.`
		);
	}
	const headers = new Headers(result?.headers);
	// It may be that of a body which was encoded since; the transport writes the right one.
	headers.delete('content-length');
	for (const line of cookies.lines) headers.append('set-cookie', line);
	const { body, status, statusText } = result ?? { body: null, status: 204, statusText: '' };
	return new Response(body, { status, statusText, headers });
}

/** Also one that was made by another copy of the class. */
function isResponse(value: unknown): value is Response {
	return value instanceof Response || Object.prototype.toString.call(value) === '[object Response]';
}
