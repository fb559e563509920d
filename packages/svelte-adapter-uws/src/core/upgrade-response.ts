import type { UpgradeResponse } from '../contract/hooks.ts';

/**
 * Accepts a handshake from the `upgrade` hook and adds headers to its answer. An array gives several lines of one name.
 * @example return upgradeResponse({ userId }, { 'x-served-by': 'eu-1' })
 */
export function upgradeResponse<UserData>(userData: UserData, headers: UpgradeResponse['headers']): UpgradeResponse<UserData> {
	return { __upgradeResponse: true, userData, headers };
}
