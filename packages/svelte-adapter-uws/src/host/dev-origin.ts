import { isIP } from 'node:net';
import type { UpgradeRequest } from '../contract/transport.ts';

/** Whose pages a dev server trusts. */
export interface DevOrigins {
	readonly secure: boolean;
	/** As Vite's `server.allowedHosts`: `true`, or host names, with a leading dot for all below. */
	readonly allowedHosts: true | readonly string[];
	/** As Vite's `server.host`, when it is a name. */
	readonly host: string | undefined;
}

/**
 * What same-origin means beside a dev server: the host that was asked for. Only hosts that cannot be somebody else's name for this
 * machine count, because a foreign name that resolves to it would make any page the same origin.
 */
export function devOrigin({ secure, allowedHosts, host }: DevOrigins): (request: UpgradeRequest) => string | undefined {
	const isTrusted = (name: string): boolean => {
		if (allowedHosts === true || name === host || name === 'localhost' || name.endsWith('.localhost')) return true;
		if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true;
		return allowedHosts.some((allowed) =>
			allowed.startsWith('.') ? name === allowed.slice(1) || name.endsWith(allowed) : name === allowed
		);
	};
	return (request) => {
		const origin = `${secure ? 'https' : 'http'}://${request.header('host')}`;
		return URL.canParse(origin) && isTrusted(new URL(origin).hostname) ? origin : undefined;
	};
}
