/** Who a user is, in rate limits, presence and push alike: the `id`, `user_id` or `userId` of the user. */
export function identityOf(user: unknown): string | number | bigint | boolean | undefined {
	if (typeof user !== 'object' || user === null) return undefined;
	const { id, user_id, userId } = user as Readonly<Record<string, unknown>>;
	const own = id ?? user_id ?? userId;
	return typeof own === 'string' || typeof own === 'number' || typeof own === 'bigint' || typeof own === 'boolean'
		? own
		: undefined;
}
