import type { UpgradeResponse } from './contract/hooks.ts';

/**
 * Accepts a handshake and adds headers to its answer. For cookies use an ordinary response instead: several proxies drop a
 * connection whose handshake sets one.
 *
 * @example
 * export const upgrade = ({ cookies }) => upgradeResponse({ user: cookies.user }, { 'x-served-by': 'eu-1' });
 */
export function upgradeResponse<UserData>(
	userData: UserData,
	headers: UpgradeResponse['headers'] = {}
): UpgradeResponse<UserData> {
	return { __upgradeResponse: true, userData, headers };
}
