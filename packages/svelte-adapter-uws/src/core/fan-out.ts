import type { Encoded } from '../contract/envelope.ts';
import type { Frame } from '../contract/transport.ts';
import { encodeBatch, encodeFrame } from '../protocol/envelope-codec.ts';
import { takesBatches, takesEpochs, VARIANTS, type Audience, type Listeners, type Member, type Slice } from './audience.ts';
import { LIMITS } from './limits.ts';

/** Turns envelopes into frames, one text for each form that somebody takes, and hands them to the listener. */
export class FanOut {
	readonly #audience: Audience;
	readonly #publish: (engineTopic: string, frame: Frame) => void;

	constructor(audience: Audience, publish: (engineTopic: string, frame: Frame) => void) {
		this.#audience = audience;
		this.#publish = publish;
	}

	/** A run of envelopes of one topic, at least one. */
	run(run: readonly Encoded[]): void {
		const [first] = run;
		const listeners = first && this.#audience.of(first.topic);
		if (!listeners) return;
		if (listeners.members) return this.#each(listeners, run);
		if (run.length === 1) return this.#one(listeners, first);
		const forms = new Forms(run);
		for (const variant of VARIANTS) {
			if (listeners.count(variant) === 0) continue;
			const name = listeners.engineTopic(variant);
			for (const frame of takesBatches(variant) ? forms.joined(takesEpochs(variant)) : forms.single(takesEpochs(variant)))
				this.#publish(name, frame);
		}
	}

	/** An envelope of which a client that reads slowly needs only the newest with this key. */
	newest(encoded: Encoded, key: string): void {
		const { topic } = encoded;
		const listeners = this.#audience.of(topic);
		if (!listeners) return;
		const members = [...this.#audience.membersOf(topic)];
		if (!members.some(({ isSlow }) => isSlow)) return this.#one(listeners, encoded);
		const forms = new Forms([encoded]);
		for (const member of members) member.replace(topic, key, forms.single(takesEpochs(member.variant))[0]!);
	}

	/** Envelopes of several topics that belong together: who takes batches gets its own part of them as one frame. */
	together(envelopes: readonly Encoded[]): void {
		for (const encoded of envelopes) {
			const listeners = this.#audience.of(encoded.topic);
			if (listeners) this.#one(listeners, encoded, takesBatches);
		}
		for (const slice of this.#audience.slices(new Set(envelopes.map(({ topic }) => topic)))) this.#slice(slice, envelopes);
	}

	/** Offers a run of one topic to each of its members. */
	#each(listeners: Listeners, run: readonly Encoded[], skip?: typeof takesBatches): void {
		const forms = new Forms(run);
		for (const member of listeners.members ?? []) {
			const { variant } = member;
			if (skip?.(variant)) continue;
			// Of what is coalesced each event stands alone, because each may be the last.
			const isJoined = takesBatches(variant) && listeners.policy !== 'coalesce';
			for (const frame of isJoined ? forms.joined(takesEpochs(variant)) : forms.single(takesEpochs(variant)))
				member.offer(listeners, frame);
		}
	}

	#one(listeners: Listeners, encoded: Encoded, skip?: typeof takesBatches): void {
		if (listeners.members) return this.#each(listeners, [encoded], skip);
		let plain: string | undefined;
		let positioned: string | undefined;
		for (const variant of VARIANTS) {
			if (listeners.count(variant) === 0 || skip?.(variant)) continue;
			const frame = takesEpochs(variant) ? (positioned ??= encodeFrame(encoded, true)) : (plain ??= encodeFrame(encoded, false));
			this.#publish(listeners.engineTopic(variant), frame);
		}
	}

	#slice({ variant, topics, members }: Slice, envelopes: readonly Encoded[]): void {
		const own = envelopes.filter(({ topic }) => topics.has(topic));
		const forms = new Forms(own);
		if ([...topics].some((topic) => this.#audience.of(topic)?.members)) {
			const frames = forms.single(takesEpochs(variant));
			for (const member of members) own.forEach(({ topic }, i) => this.#give(member, topic, frames[i]!));
			return;
		}
		const frames = forms.joined(takesEpochs(variant));
		// Where these members are all that one topic has, the engine can do it.
		for (const topic of topics) {
			const listeners = this.#audience.of(topic);
			if (listeners?.count(variant) !== members.length) continue;
			for (const frame of frames) this.#publish(listeners.engineTopic(variant), frame);
			return;
		}
		for (const { socket } of members) for (const frame of frames) socket.send(frame);
	}

	/** One frame to one member, by the policy of its topic. */
	#give(member: Member, topic: string, frame: string): void {
		const listeners = this.#audience.of(topic);
		if (listeners?.members) member.offer(listeners, frame);
		else member.socket.send(frame);
	}
}

/** The frames of a run in each form, made when the first taker asks. */
class Forms {
	readonly #run: readonly Encoded[];
	readonly #single: (readonly string[] | undefined)[] = [undefined, undefined];
	readonly #joined: (readonly string[] | undefined)[] = [undefined, undefined];

	constructor(run: readonly Encoded[]) {
		this.#run = run;
	}

	single(withEpoch: boolean): readonly string[] {
		return (this.#single[Number(withEpoch)] ??= this.#run.map((encoded) => encodeFrame(encoded, withEpoch)));
	}

	joined(withEpoch: boolean): readonly string[] {
		return (this.#joined[Number(withEpoch)] ??= joinFrames(this.single(withEpoch)));
	}
}

/** Joins frames into as few batch frames as their size allows; a frame that stands alone stays as it is. */
export function joinFrames(frames: readonly string[]): readonly string[] {
	const out: string[] = [];
	let start = 0;
	let size = 0;
	for (let i = 0; i <= frames.length; i++) {
		const next = frames[i];
		if (next !== undefined && (i === start || size + next.length <= LIMITS.batchSize)) {
			size += next.length;
			continue;
		}
		const part = frames.slice(start, i);
		if (part.length > 0) out.push(part.length === 1 ? part[0]! : encodeBatch(part));
		start = i;
		size = next?.length ?? 0;
	}
	return out;
}
