const MAX_REASON_BYTES = 123;
const encoder = new TextEncoder();

/** Whether a close frame may carry `code`; others exist only in APIs, and engines throw on them. */
function isSendable(code: number): boolean {
	return (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999);
}

/** Makes any code and reason fit a close frame: a code that cannot travel becomes 1000, a long reason is cut at a character. */
export function fitClose(code: number, reason: string): { readonly code: number; readonly reason: string } {
	let text = reason;
	while (encoder.encode(text).length > MAX_REASON_BYTES) text = text.slice(0, Math.min(text.length - 1, MAX_REASON_BYTES));
	return { code: Number.isInteger(code) && isSendable(code) ? code : 1000, reason: text.toWellFormed() };
}
