const encoder = new TextEncoder();

/** Whether a text frame has more than `limit` bytes; encodes it only where its length does not say. */
export function exceedsBytes(frame: string, limit: number): boolean {
	return frame.length > limit || (frame.length * 3 > limit && encoder.encode(frame).length > limit);
}

/** What to say about a frame that the server would not take. */
export function tooLarge(what: string, frame: string, cap: number): string {
	return `${what} takes ${encoder.encode(frame).length} bytes; the server takes ${cap} in one frame. Send less, or raise the adapter's option websocket.maxPayloadLength.`;
}
