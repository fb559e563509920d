/** What a library may write to. `message` is one line; `details` is printed after it. */
export interface Log {
	debug(message: string, details?: unknown): void;
	info(message: string, details?: unknown): void;
	warn(message: string, details?: unknown): void;
	error(message: string, details?: unknown): void;
}
