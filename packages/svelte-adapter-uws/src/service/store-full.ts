/** A store in memory holds as much as it may. `code` is `STORE_FULL`. */
export class StoreFullError extends Error {
	readonly code = 'STORE_FULL';

	constructor(what: string, max: number) {
		super(
			`The ${what} in memory holds ${max} entries, which is all it may, and none has expired. Use shorter times to live, or fewer keys.`
		);
	}
}
