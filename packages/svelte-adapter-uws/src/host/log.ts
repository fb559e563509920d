import type { Log } from '../contract/log.ts';

// eslint-disable-next-line no-control-regex -- the characters that could forge a line or drive a terminal
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * Writes to the console: information on stdout, warnings and errors on stderr, debug nowhere. A message takes one line, and details
 * follow indented, so that text from outside cannot pass for a line of the log.
 */
export function consoleLog(): Log {
	return {
		debug: () => {},
		info: (message, details) => console.log(format(message, details)),
		warn: (message, details) => console.warn(format(message, details)),
		error: (message, details) => console.error(format(message, details))
	};
}

/** Lets this process outlive its output: a disk that is full, or a reader that is gone, costs lines of the log and no connection. */
export function outliveOutput(): void {
	for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

/** One entry as it is printed. */
export function format(message: string, details?: unknown): string {
	const line = escape(message.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
	if (details === undefined) return line;
	const text = typeof details === 'string' ? details : show(details);
	return `${line}\n    ${escape(text).replaceAll('\n', '\n    ')}`;
}

/** Anything at all as text: also what throws when it is looked at. */
export function show(value: unknown): string {
	try {
		// An import would load all that `node:util` has at every start, which is milliseconds.
		return process.getBuiltinModule('node:util').inspect(value);
	} catch {
		return 'It cannot be shown: its own inspection throws.';
	}
}

function escape(text: string): string {
	return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
