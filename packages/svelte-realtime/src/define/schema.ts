/** A schema without the standard interface that has `safeParse`, as older versions of Zod have. */
export interface SafeParse<Output> {
	safeParse(input: unknown): { readonly success: boolean; readonly data?: Output; readonly error?: unknown };
}
