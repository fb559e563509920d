import type { Connection } from 'svelte-adapter-uws/contract';
import { VIEW_MARK } from '../shared/topics.ts';
import type { Registry } from './registry.ts';
import type { Scopes } from './scopes.ts';

export interface TopicGateParts {
	readonly registry: Registry;
	readonly scopes: Scopes;
	/** Topics that clients may join by themselves, as the app says: names, or beginnings of names with a `*` behind. */
	readonly plainTopics: () => readonly string[];
	/** Settles when every module was imported, or has failed to be. */
	readonly ready: () => Promise<void>;
	/** Says something to the app's author. */
	readonly warn: (message: string) => void;
}

/**
 * Whether a client may join a topic that it names by itself. A topic of a stream is open only to a connection that follows it
 * through a stream, because whoever could join it by name would get past guard and access. A client that comes back names its
 * topics before it asks for its streams, so the answer waits a while for the stream.
 */
export class TopicGate {
	readonly #parts: TopicGateParts;
	#isReady = false;
	#hasWarned = false;

	constructor(parts: TopicGateParts) {
		this.#parts = parts;
	}

	ask(ws: Connection, topic: string): boolean | Promise<boolean> {
		// Even where an app opens the topics of the framework: these carry what is for one user, and for one worker.
		if (topic.startsWith('__') && /^__(?:signal|push):/.test(topic)) return false;
		const { registry, scopes, ready } = this.#parts;
		const ownership = topic.includes(VIEW_MARK) ? 'yes' : registry.ownership(topic);
		if (ownership === 'no') return true;
		if (!this.#isReady) {
			return ready().then(() => {
				this.#isReady = true;
				return this.ask(ws, topic);
			});
		}
		if (ownership === 'maybe' && this.#isPlain(topic)) return true;
		const follows = scopes.of(ws).follows(topic);
		if (follows === true || ownership === 'yes') return follows;
		return Promise.resolve(follows).then((yes) => {
			if (!yes) this.#warn(topic);
			return yes;
		});
	}

	#isPlain(topic: string): boolean {
		return this.#parts
			.plainTopics()
			.some((plain) => (plain.endsWith('*') ? topic.startsWith(plain.slice(0, -1)) : topic === plain));
	}

	#warn(topic: string): void {
		if (this.#hasWarned) return;
		this.#hasWarned = true;
		this.#parts.warn(
			`A client asked for the topic ${JSON.stringify(topic)} by its name and was refused: a stream whose topic is computed could own it. ` +
				'If it is meant for everybody, say realtime({ plainTopics: [name] }); or write each topic function as one template that begins with text, such as (ctx, id) => `notes:${id}`. This is said once.'
		);
	}
}
