/**
 * Reasons of a denied subscribe that have a fixed meaning; a hook may give any other string. The server itself never says
 * `UNAUTHENTICATED`: it is the name by which hooks and clients agree on "sign in first".
 */
export const DENIAL = {
	INVALID_TOPIC: 'INVALID_TOPIC',
	RATE_LIMITED: 'RATE_LIMITED',
	FORBIDDEN: 'FORBIDDEN',
	UNAUTHENTICATED: 'UNAUTHENTICATED',
	INTERNAL_ERROR: 'INTERNAL_ERROR'
} as const;
