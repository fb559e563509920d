import type { Encoded, Envelope, Position } from '../contract/envelope.ts';
import { unsafeIndex } from './topic.ts';

/** The text up to the data of every envelope with this topic and event. Throws a TypeError for a name that cannot travel. */
export function encodePrefix(topic: string, event: string): string {
	check('topic', topic);
	check('event', event);
	return `{"topic":"${topic}","event":"${event}","data":`;
}

function check(what: string, name: unknown): void {
	if (typeof name !== 'string') throw new TypeError(`${what}: got ${typeof name}, expected a string.`);
	const index = unsafeIndex(name);
	if (index >= 0)
		throw new TypeError(
			`${what}: ${JSON.stringify(name)} has a control character, quote or backslash at ${index}. Leave it out.`
		);
}

/** JSON text of event data; what JSON has no word for is `null`. Throws a TypeError for cycles and BigInts. */
export function encodeData(data: unknown): string {
	return JSON.stringify(data) ?? 'null';
}

/** The frame of an envelope. `withEpoch` is for clients that listed the capability. */
export function encodeFrame(encoded: Encoded, withEpoch: boolean): string {
	const { head, position } = encoded;
	if (position === undefined) return `${head}}`;
	return withEpoch ? `${head},"seq":${position.seq},"ep":"${position.epoch}"}` : `${head},"seq":${position.seq}}`;
}

/** Reads an envelope back from its encoded form, for taps on nodes that did not publish it. */
export function decodeEncoded(encoded: Encoded): Envelope {
	const { event, data } = JSON.parse(`${encoded.head}}`) as { event: string; data: unknown };
	const envelope = { topic: encoded.topic, event, data };
	return encoded.position ? { ...envelope, position: encoded.position } : envelope;
}

/** One frame out of several: the receiver takes them as if they had come one by one. */
export function encodeBatch(frames: readonly string[]): string {
	return `{"type":"batch","events":[${frames.join(',')}]}`;
}

/** Takes a parsed frame member for an envelope; `undefined` when it is none. */
export function toEnvelope(value: unknown): Envelope | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const { topic, event, data, seq, ep } = value as Record<string, unknown>;
	if (typeof topic !== 'string' || topic === '' || typeof event !== 'string') return undefined;
	const envelope = { topic, event, data };
	const position = toPosition(seq, ep);
	return position ? { ...envelope, position } : envelope;
}

/** A position out of the fields of a frame; `undefined` where there is none. */
export function toPosition(seq: unknown, ep: unknown): Position | undefined {
	return typeof seq === 'number' ? { epoch: typeof ep === 'string' ? ep : '', seq } : undefined;
}
