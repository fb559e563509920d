import type { Envelope } from 'svelte-adapter-uws/contract';
import { createReducer } from 'svelte-adapter-uws/merge';
import type { StreamEvent } from '../../src/client/stream/merge.ts';
import { envelope, TOPIC, type KeyedMerge } from './histories.ts';
import { replyTo, type ScriptedClient } from './scripted-client.ts';

/** A server of one stream that does each of its steps when told to, so that every interleaving can happen. */
export class SimulatedServer {
	readonly #client: ScriptedClient;
	readonly #merge: KeyedMerge;
	value: unknown;
	/** Whether this connection is joined to the topic. */
	joined = false;
	#read = 0;
	#accepted: string[] = [];
	#loaded: Envelope[] = [];
	#outbox: Envelope[] = [];

	constructor(client: ScriptedClient, merge: KeyedMerge) {
		this.#client = client;
		this.#merge = merge;
		this.value = merge === 'set' ? 0 : [];
	}

	/** Something changes, and is published. */
	happen(event: StreamEvent): void {
		this.value = createReducer(this.#merge).reduce(this.value as never, event.event, event.data);
		if (this.joined) this.#outbox.push(envelope(event));
	}

	/** Reads the next frame: joins before loading, leaves when told to. */
	read(): boolean {
		const frame = this.#client.sent[this.#read];
		if (!frame) return false;
		this.#read++;
		this.joined = frame['release'] === undefined;
		if (this.joined) this.#accepted.push(frame['id'] as string);
		return true;
	}

	load(): boolean {
		const id = this.#accepted.shift();
		if (id !== undefined) this.#loaded.push(replyTo(id, { data: this.value, topic: TOPIC, merge: this.#merge }));
		return id !== undefined;
	}

	answer(): boolean {
		const reply = this.#loaded.shift();
		if (reply) this.#outbox.push(reply);
		return reply !== undefined;
	}

	/** Delivers up to `count` envelopes as one wire frame. */
	deliver(count: number): boolean {
		const envelopes = this.#outbox.splice(0, count);
		if (envelopes.length > 0) this.#client.frame(...envelopes);
		return envelopes.length > 0;
	}

	drop(): void {
		if (!this.#client.connected) return;
		this.#client.drop();
		this.joined = false;
		this.#read = this.#client.sent.length;
		this.#accepted = [];
		this.#loaded = [];
		this.#outbox = [];
	}

	open(): void {
		if (!this.#client.connected) this.#client.open();
	}

	/** Does everything there is to do. */
	finish(): void {
		while (this.read() || this.load() || this.answer() || this.deliver(100));
	}
}
