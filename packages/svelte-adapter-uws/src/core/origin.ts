import type { UpgradeRequest } from '../contract/transport.ts';
import type { OriginPolicy } from './parts.ts';

/** What browsers say of a page that is not the app's own. */
const FOREIGN: ReadonlySet<string> = new Set(['cross-site', 'same-site']);
/** What clients of this server say of themselves; the second is what those before 0.5 sent. */
const OWN_CODE: ReadonlySet<string> = new Set(['xmlhttprequest', 'svelte-adapter-uws']);

/**
 * Whether a handshake may come from where it says it comes from. Without an `Origin` it is no browser: then `hasUpgradeHook`
 * decides, because the hook is the real gate. Scheme, host and effective port have to be equal.
 */
export function isOriginAllowed(policy: OriginPolicy, request: UpgradeRequest, hasUpgradeHook: boolean): boolean {
	if (policy.allowed === '*') return true;
	const origin = request.header('origin');
	// A browser that keeps its origin to itself is none the less one.
	if (origin === '') return hasUpgradeHook && !FOREIGN.has(request.header('sec-fetch-site'));
	if (policy.allowed !== 'same-origin') return policy.allowed.includes(origin);
	const expected = policy.expectedOrigin(request);
	const sent = normalize(origin);
	return sent !== undefined && expected !== undefined && sent === normalize(expected);
}

/**
 * Whether a request shows that a page of the app sent it, and no foreign one that only has the visitor's cookies: by a header that no
 * foreign page can set, or by an origin that may connect.
 */
export function isOwnPage(policy: OriginPolicy, request: UpgradeRequest): boolean {
	if (OWN_CODE.has(request.header('x-requested-with').toLowerCase())) return true;
	if (request.header('sec-fetch-site') === 'same-origin') return true;
	return request.header('origin') !== '' && isOriginAllowed(policy, request, false);
}

function normalize(origin: string): string | undefined {
	const url = URL.canParse(origin) ? new URL(origin) : undefined;
	// An origin is scheme, host and port; anything more is somebody's trick to look like one.
	if (
		!url ||
		(url.protocol !== 'http:' && url.protocol !== 'https:') ||
		url.username ||
		url.password ||
		url.pathname !== '/' ||
		url.search ||
		url.hash
	)
		return undefined;
	return url.origin;
}
