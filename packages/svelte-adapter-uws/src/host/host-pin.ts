import type { ResolvedWebSocketOptions } from '../contract/options.ts';
import type { WebSocketHooks } from '../contract/hooks.ts';
import type { Environment } from './env.ts';

/** What may tie the server to the host name that is really its own. */
export interface PinParts {
	readonly websocket: ResolvedWebSocketOptions;
	readonly environment: Pick<Environment, 'hostHeader' | 'tls'>;
	/** The public origin, from `ORIGIN` or the app's `paths.origin`. */
	readonly origin: string | undefined;
	readonly hooks: WebSocketHooks;
	readonly envPrefix: string;
}

/**
 * Why the server must not start, or `undefined`. Without a pin `Origin` is compared with `Host`, and a scripted client chooses both, so
 * the same-origin rule would stop nobody.
 */
export function missingHostPin({ websocket, environment, origin, hooks, envPrefix }: PinParts): string | undefined {
	if (websocket.allowedOrigins !== 'same-origin') return undefined;
	if (origin !== undefined || environment.hostHeader !== undefined || environment.tls || hooks.upgrade) return undefined;
	const name = (variable: string): string => envPrefix + variable;
	return [
		`The WebSocket endpoint allows 'same-origin', but nothing says which origin that is: Origin would be compared with Host, and a client chooses both. Do one of these:`,
		`set ${name('ORIGIN')} to the public URL of the app, for example ${name('ORIGIN')}=https://example.com (on your machine: ${name('ORIGIN')}=http://localhost:3000)`,
		`set ${name('HOST_HEADER')} to a header that a trusted proxy overwrites, for example x-forwarded-host`,
		`set ${name('SSL_CERT')} and ${name('SSL_KEY')} for TLS on the server itself`,
		`export an upgrade hook from src/hooks.ws.ts that decides who may connect`,
		`list the origins in the adapter: websocket: { allowedOrigins: ['https://example.com'] }`,
		`or accept the risk in the adapter: websocket: { unsafeSameOriginWithoutHostPin: true }`
	].join('\n  - ');
}
