/** The server must not or cannot start, for a reason that its operator can change. The message says it all: no stack is shown. */
export class StartError extends Error {
	override readonly name = 'StartError';
}
