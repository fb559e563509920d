const MAX_REASON_BYTES = 123;
const encoder = new TextEncoder();

/** Whether a close frame may carry `code`; others exist only in APIs, and engines throw on them. */
function isSendable(code: number): boolean {
	return (
		Number.isInteger(code) &&
		((code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999))
	);
}

/** Makes any code and reason fit a close frame: a code that cannot travel becomes 1000, a long reason is cut at a character. */
export function fitClose(code: number, reason: string): { readonly code: number; readonly reason: string } {
	const text = reason.toWellFormed();
	// Three bytes a character at most.
	const length =
		text.length * 3 <= MAX_REASON_BYTES ? text.length : encoder.encodeInto(text, new Uint8Array(MAX_REASON_BYTES)).read;
	return { code: isSendable(code) ? code : 1000, reason: text.slice(0, length) };
}
