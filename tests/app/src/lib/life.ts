/** What the hooks have seen; routes read it, so both must have the same module. */
export const life: {
	started: number;
	opened: number;
	unsubscribed: number;
	drained: number;
	notes: number;
	tap: Disposable | undefined;
} = {
	started: 0,
	opened: 0,
	unsubscribed: 0,
	drained: 0,
	notes: 0,
	tap: undefined
};
