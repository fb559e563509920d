import { CODES, isLiveError, LiveError } from '../shared/error.ts';

const SAFE_ID = /^[\w-]+$/;
/** UTF-16 units of one reply. Clients drop frames of more than 1,048,576 unseen; the rest is room for the envelope. */
export const MAX_REPLY = 1_047_552;

/** An id as JSON; ids of ordinary clients need no escaping. */
function quote(id: string): string {
	return SAFE_ID.test(id) ? `"${id}"` : JSON.stringify(id);
}

/** The fields of a good answer. Throws as `okReply` does. */
export function okFields(value: unknown): string {
	const data = JSON.stringify(value);
	return sized(data === undefined ? '{"ok":true}' : `{"ok":true,"data":${data}}`);
}

/** The text of a good reply. Throws what JSON.stringify throws, and a LiveError when it is too large. */
export function okReply(id: string, value: unknown): string {
	const data = JSON.stringify(value);
	return sized(data === undefined ? `{"id":${quote(id)},"ok":true}` : `{"id":${quote(id)},"ok":true,"data":${data}}`);
}

/** The text of a stream's reply: its fields stand beside `ok`. Throws as `okReply` does. */
export function streamReply(id: string, fields: object): string {
	return sized(`{"id":${quote(id)},"ok":true,${JSON.stringify(fields).slice(1)}`);
}

function sized(reply: string): string {
	if (reply.length <= MAX_REPLY) return reply;
	throw new LiveError(
		'PAYLOAD_TOO_LARGE',
		`The result takes ${reply.length} characters; clients take ${MAX_REPLY}. Give it in parts.`
	);
}

/** The fields by which a caller hears of an error. What was not thrown for the caller to see is `INTERNAL_ERROR` and no more. */
export function errorFields(error: unknown): string {
	if (isLiveError(error)) {
		try {
			const { code, message, issues, retryAfter } = error;
			return JSON.stringify({ ok: false, code: String(code), error: String(message), issues, retryAfter });
		} catch {
			// An error that cannot even be read says nothing more than that something went wrong.
		}
	}
	return `{"ok":false,"code":"INTERNAL_ERROR","error":"${CODES['INTERNAL_ERROR']}"}`;
}

/** The text of a bad reply. */
export function errorReply(id: string, error: unknown): string {
	return `{"id":${quote(id)},${errorFields(error).slice(1)}`;
}

/** The envelope that carries a reply to the caller. */
export function replyFrame(id: string, reply: string): string {
	return `{"topic":"__rpc","event":${quote(id)},"data":${reply}}`;
}

/** The envelopes that carry the replies of a batch, in the order of its requests: one, unless it would be too large to arrive. */
export function batchFrames(replies: readonly string[]): string[] {
	const frames: string[] = [];
	let from = 0;
	let size = 0;
	replies.forEach((reply, i) => {
		if (i > from && size + reply.length > MAX_REPLY) {
			frames.push(batchFrame(replies.slice(from, i)));
			from = i;
			size = 0;
		}
		size += reply.length + 1;
	});
	frames.push(batchFrame(from === 0 ? replies : replies.slice(from)));
	return frames;
}

function batchFrame(replies: readonly string[]): string {
	return `{"topic":"__rpc","event":"__batch","data":{"batch":[${replies.join(',')}]}}`;
}
