/** Reasons that the server itself gives for a denied subscribe; a hook may give any other string. */
export const DENIAL = {
	INVALID_TOPIC: 'INVALID_TOPIC',
	RATE_LIMITED: 'RATE_LIMITED',
	FORBIDDEN: 'FORBIDDEN',
	INTERNAL_ERROR: 'INTERNAL_ERROR'
} as const;
