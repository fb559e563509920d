const encoder = new TextEncoder();

/** Whether a frame has more than `limit` bytes; encodes text only where its length does not say. */
export function exceedsBytes(frame: string | Uint8Array, limit: number): boolean {
	return frame.length > limit || (typeof frame === 'string' && frame.length * 3 > limit && encoder.encode(frame).length > limit);
}

/** What to say about a frame that the server would not take. */
export function tooLarge(what: string, frame: string | Uint8Array, cap: number): string {
	const bytes = typeof frame === 'string' ? encoder.encode(frame).length : frame.length;
	return `${what} takes ${bytes} bytes; the server takes ${cap} in one frame. Send less, or raise the adapter's option websocket.maxPayloadLength.`;
}
