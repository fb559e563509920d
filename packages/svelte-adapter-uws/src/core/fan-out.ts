import type { Encoded } from '../contract/envelope.ts';
import type { Frame } from '../contract/transport.ts';
import { encodeBatch, encodeFrame } from '../protocol/envelope-codec.ts';
import { engineTopic, takesBatches, takesEpochs, VARIANTS, type Audience } from './audience.ts';
import { LIMITS } from './limits.ts';

/** Turns a run of envelopes of one topic into frames, one text for each form that somebody takes, and hands them to the listener. */
export class FanOut {
	readonly #audience: Audience;
	readonly #publish: (engineTopic: string, frame: Frame) => void;

	constructor(audience: Audience, publish: (engineTopic: string, frame: Frame) => void) {
		this.#audience = audience;
		this.#publish = publish;
	}

	publish(topic: string, run: readonly Encoded[]): void {
		const counts = this.#audience.of(topic);
		if (!counts) return;
		let plain: readonly string[] | undefined;
		let positioned: readonly string[] | undefined;
		for (const variant of VARIANTS) {
			if (counts[variant] === 0) continue;
			const frames = takesEpochs(variant) ? (positioned ??= run.map((encoded) => encodeFrame(encoded, true))) : (plain ??= run.map((encoded) => encodeFrame(encoded, false)));
			const name = engineTopic(topic, variant);
			if (takesBatches(variant)) for (const frame of inBatches(frames)) this.#publish(name, frame);
			else for (const frame of frames) this.#publish(name, frame);
		}
	}
}

/** Joins frames into as few batch frames as their size allows; a frame that stands alone stays as it is. */
function inBatches(frames: readonly string[]): readonly string[] {
	if (frames.length < 2) return frames;
	const out: string[] = [];
	let start = 0;
	let size = 0;
	const cut = (end: number): void => {
		const part = frames.slice(start, end);
		if (part.length > 0) out.push(part.length === 1 ? part[0]! : encodeBatch(part));
		start = end;
		size = 0;
	};
	frames.forEach((frame, i) => {
		if (size + frame.length > LIMITS.batchSize) cut(i);
		size += frame.length;
	});
	cut(frames.length);
	return out;
}
