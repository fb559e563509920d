import { CODES, isLiveError } from '../shared/error.ts';

const SAFE_ID = /^[\w-]+$/;

/** An id as JSON; ids of ordinary clients need no escaping. */
function quote(id: string): string {
	return SAFE_ID.test(id) ? `"${id}"` : JSON.stringify(id);
}

/** The text of a good reply. `fields` are those of a stream's reply. Throws what JSON.stringify throws. */
export function okReply(id: string, value: unknown): string {
	const data = JSON.stringify(value);
	return data === undefined ? `{"id":${quote(id)},"ok":true}` : `{"id":${quote(id)},"ok":true,"data":${data}}`;
}

/** The text of a stream's reply: its fields stand beside `ok`. Throws what JSON.stringify throws. */
export function streamReply(id: string, fields: object): string {
	return `{"id":${quote(id)},"ok":true,${JSON.stringify(fields).slice(1)}`;
}

/** The text of a bad reply. What was not thrown for the caller to see is `INTERNAL_ERROR` and no more. */
export function errorReply(id: string, error: unknown): string {
	if (!isLiveError(error)) return `{"id":${quote(id)},"ok":false,"code":"INTERNAL_ERROR","error":"${CODES['INTERNAL_ERROR']}"}`;
	const { code, message, issues, retryAfter } = error;
	try {
		return `{"id":${quote(id)},"ok":false,${JSON.stringify({ code, error: message, issues, retryAfter }).slice(1)}`;
	} catch {
		return `{"id":${quote(id)},"ok":false,${JSON.stringify({ code: String(code), error: String(message) }).slice(1)}`;
	}
}

/** The envelope that carries a reply to the caller. */
export function replyFrame(id: string, reply: string): string {
	return `{"topic":"__rpc","event":${quote(id)},"data":${reply}}`;
}

/** The envelope that carries the replies of a batch, in the order of its requests. */
export function batchFrame(replies: readonly string[]): string {
	return `{"topic":"__rpc","event":"__batch","data":{"batch":[${replies.join(',')}]}}`;
}
