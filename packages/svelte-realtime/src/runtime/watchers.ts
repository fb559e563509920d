import type { Envelope, Origin, Platform } from 'svelte-adapter-uws/contract';
import { topicPattern } from '../shared/topics.ts';
import type { Follows } from './follows.ts';
import { isThenable } from '../shared/thenable.ts';

/** Hears one publish. What it throws, or rejects with, is reported and stops nothing. */
export type Watch = (envelope: Envelope, origin: Origin) => unknown;

interface Watcher {
	readonly path: string;
	readonly run: Watch;
}

export interface WatchersParts {
	readonly platform: Pick<Platform, 'tap'>;
	/** Hears which topics are watched by their names. */
	readonly follows: Pick<Follows, 'enter' | 'leave'>;
	readonly onError: (path: string, error: unknown) => void;
}

/**
 * Who wants to hear that something was published on a topic: by this node or by another, by a handler, `platform.publish` or a
 * bridge. The platform is tapped while somebody does, and only for the topics that somebody named.
 */
export class Watchers implements Disposable {
	readonly #parts: WatchersParts;
	readonly #byTopic = new Map<string, Set<Watcher>>();
	readonly #byPattern = new Map<Watcher, (topic: string) => boolean>();
	#tap: Disposable | undefined;

	constructor(parts: WatchersParts) {
		this.#parts = parts;
	}

	/** `run` hears what is published on any of the topics, in the order of the publishes; `*` = one or more characters. */
	add(path: string, topics: readonly string[], run: Watch): Disposable {
		const watcher: Watcher = { path, run };
		const patterns = topics.filter((topic) => topic.includes('*')).map(topicPattern);
		const exact = topics.filter((topic) => !topic.includes('*'));
		for (const topic of exact) {
			const watchers = this.#byTopic.get(topic);
			if (watchers) watchers.add(watcher);
			else {
				this.#byTopic.set(topic, new Set([watcher]));
				this.#parts.follows.enter(topic);
			}
		}
		if (patterns.length > 0)
			// A topic that is named in full as well is heard once.
			this.#byPattern.set(watcher, (topic) => !exact.includes(topic) && patterns.some((matches) => matches(topic)));
		this.#tap ??= this.#parts.platform.tap(
			(envelope, origin) => this.#hear(envelope, origin),
			(topic) => this.#wants(topic)
		);
		return { [Symbol.dispose]: () => this.#remove(watcher, exact) };
	}

	[Symbol.dispose](): void {
		for (const topic of this.#byTopic.keys()) this.#parts.follows.leave(topic);
		this.#byTopic.clear();
		this.#byPattern.clear();
		this.#rest();
	}

	#wants(topic: string): boolean {
		if (this.#byTopic.has(topic)) return true;
		for (const matches of this.#byPattern.values()) if (matches(topic)) return true;
		return false;
	}

	#hear(envelope: Envelope, origin: Origin): void {
		const { topic } = envelope;
		// The lists may change while they are walked.
		for (const watcher of [...(this.#byTopic.get(topic) ?? [])])
			if (this.#byTopic.get(topic)?.has(watcher)) this.#tell(watcher, envelope, origin);
		if (this.#byPattern.size === 0) return;
		for (const [watcher, matches] of [...this.#byPattern])
			if (this.#byPattern.has(watcher) && matches(topic)) this.#tell(watcher, envelope, origin);
	}

	#tell({ path, run }: Watcher, envelope: Envelope, origin: Origin): void {
		try {
			const result = run(envelope, origin);
			if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => this.#parts.onError(path, error));
		} catch (error) {
			this.#parts.onError(path, error);
		}
	}

	#remove(watcher: Watcher, exact: readonly string[]): void {
		for (const topic of exact) {
			const watchers = this.#byTopic.get(topic);
			if (!watchers?.delete(watcher) || watchers.size > 0) continue;
			this.#byTopic.delete(topic);
			this.#parts.follows.leave(topic);
		}
		this.#byPattern.delete(watcher);
		if (this.#byTopic.size === 0 && this.#byPattern.size === 0) this.#rest();
	}

	#rest(): void {
		this.#tap?.[Symbol.dispose]();
		this.#tap = undefined;
	}
}
