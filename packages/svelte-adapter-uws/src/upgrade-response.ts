import type { UpgradeTerms } from './contract/connection.ts';
import type { UpgradeResponse } from './contract/hooks.ts';

/**
 * Accepts a handshake, adds headers to its answer, and says on which terms the connection stays. For cookies use the `authenticate`
 * hook instead: several proxies drop a connection whose handshake sets one.
 *
 * @example
 * export const upgrade = async ({ cookies }) => {
 * 	const session = await sessions.find(cookies.session);
 * 	if (!session) return false;
 * 	return upgradeResponse({ user: session.userId }, {}, { session: session.id, expiresAt: session.expiresAt });
 * };
 */
export function upgradeResponse<UserData>(
	userData: UserData,
	headers: UpgradeResponse['headers'] = {},
	terms?: UpgradeTerms
): UpgradeResponse<UserData> {
	return terms ? { __upgradeResponse: true, userData, headers, terms } : { __upgradeResponse: true, userData, headers };
}
