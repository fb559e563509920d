import type { SlowPolicy } from '../contract/platform.ts';
import type { Socket } from '../contract/transport.ts';
import type { Violated } from './assertions.ts';

/**
 * Which form of an envelope a connection takes: bit 0 = batch frames, bit 1 = epochs in positions. Each variant of a topic
 * is an engine topic of its own, so a publish never looks at a socket to see what it can read.
 */
export type Variant = 0 | 1 | 2 | 3;

export const VARIANTS: readonly Variant[] = [0, 1, 2, 3];
export const takesBatches = (variant: Variant): boolean => (variant & 1) !== 0;
export const takesEpochs = (variant: Variant): boolean => (variant & 2) !== 0;

/** The variant of a client with these capabilities. */
export function variantOf(batch: boolean, epoch: boolean): Variant {
	return ((batch ? 1 : 0) | (epoch ? 2 : 0)) as Variant;
}

/** One connection as its topics see it. */
export interface Member {
	readonly socket: Socket;
	readonly variant: Variant;
	readonly topics: ReadonlySet<string>;
	/** Takes a frame of a topic that the engine does not fan out. */
	offer(listeners: Listeners, frame: string): void;
	/** Frames wait for room. */
	readonly isSlow: boolean;
	/** Takes a frame that takes the place of the one before it with this key, where that has not left yet. */
	replace(topic: string, key: string, frame: string): void;
}

/** Who listens to one topic on this node. */
export class Listeners {
	readonly topic: string;
	readonly #counts: [number, number, number, number] = [0, 0, 0, 0];
	readonly #names: (string | undefined)[] = [undefined, undefined, undefined, undefined];
	readonly policy: SlowPolicy;
	/** Who they are, where frames go to each by itself; absent where the engine fans out. */
	readonly members: Set<Member> | undefined;
	size = 0;

	constructor(topic: string, policy: SlowPolicy) {
		this.topic = topic;
		this.policy = policy;
		this.members = policy === 'drop' ? undefined : new Set();
	}

	count(variant: Variant): number {
		return this.#counts[variant];
	}

	add(variant: Variant, by: 1 | -1): void {
		this.#counts[variant] += by;
		this.size += by;
	}

	/** The engine's name for one variant. No topic holds a control character, so the names of two topics cannot meet. */
	engineTopic(variant: Variant): string {
		return (this.#names[variant] ??= variant === 0 ? this.topic : String.fromCharCode(variant) + this.topic);
	}
}

/** Members that hold the same ones of several topics, in the same form. */
export interface Slice {
	readonly variant: Variant;
	readonly topics: ReadonlySet<string>;
	readonly members: readonly Member[];
}

/** Who holds which topic on this node: counts always, members only once somebody asked for slices. */
export class Audience {
	readonly #listeners = new Map<string, Listeners>();
	readonly #all: Iterable<Member>;
	readonly #policyOf: (topic: string) => SlowPolicy;
	readonly #violated: Violated;
	#members: Map<string, Set<Member>> | undefined;
	/** Topics held, over all members. */
	held = 0;

	/** `all` gives every member there is, whenever it is iterated. */
	constructor(all: Iterable<Member>, policyOf: (topic: string) => SlowPolicy, violated: Violated) {
		this.#all = all;
		this.#policyOf = policyOf;
		this.#violated = violated;
	}

	join(topic: string, member: Member): Listeners {
		let listeners = this.#listeners.get(topic);
		if (!listeners) this.#listeners.set(topic, (listeners = new Listeners(topic, this.#policyOf(topic))));
		this.held++;
		listeners.add(member.variant, 1);
		listeners.members?.add(member);
		if (this.#members) index(this.#members, topic, member);
		return listeners;
	}

	/** Gives what is left of the topic, for its engine name. `topic` must have been joined with the same variant. */
	leave(topic: string, member: Member): Listeners | undefined {
		const listeners = this.#listeners.get(topic);
		if (!listeners) {
			this.#violated('subs.not-joined', { topic });
			return undefined;
		}
		this.held--;
		listeners.add(member.variant, -1);
		listeners.members?.delete(member);
		if (listeners.size === 0) this.#listeners.delete(topic);
		const members = this.#members?.get(topic);
		if (members?.delete(member) && members.size === 0) this.#members?.delete(topic);
		return listeners;
	}

	/** `undefined` when nobody listens. */
	of(topic: string): Listeners | undefined {
		return this.#listeners.get(topic);
	}

	/** Topics that somebody holds. */
	get size(): number {
		return this.#listeners.size;
	}

	/** Who holds a topic. */
	membersOf(topic: string): Iterable<Member> {
		return (this.#members ??= this.#index()).get(topic) ?? [];
	}

	/** Splits the batch-taking members of several topics by which of the topics they hold. */
	slices(topics: Iterable<string>): readonly Slice[] {
		const members = (this.#members ??= this.#index());
		const held = new Map<Member, string[]>();
		for (const topic of topics) {
			for (const member of members.get(topic) ?? []) {
				if (!takesBatches(member.variant)) continue;
				const list = held.get(member);
				if (list) list.push(topic);
				else held.set(member, [topic]);
			}
		}
		const slices = new Map<string, { variant: Variant; topics: Set<string>; members: Member[] }>();
		for (const [member, list] of held) {
			// A topic holds no control character, so the joined names are unambiguous.
			const key = `${member.variant}\n${list.join('\n')}`;
			const slice = slices.get(key);
			if (slice) slice.members.push(member);
			else slices.set(key, { variant: member.variant, topics: new Set(list), members: [member] });
		}
		return [...slices.values()];
	}

	#index(): Map<string, Set<Member>> {
		const members = new Map<string, Set<Member>>();
		for (const member of this.#all) for (const topic of member.topics) index(members, topic, member);
		return members;
	}
}

function index(members: Map<string, Set<Member>>, topic: string, member: Member): void {
	const set = members.get(topic);
	if (set) set.add(member);
	else members.set(topic, new Set([member]));
}
