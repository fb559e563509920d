import type { Envelope } from 'svelte-adapter-uws/contract';
import { createReducer } from 'svelte-adapter-uws/merge';
import { CANCEL_PATH } from '../../src/shared/rpc-frame.ts';
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
	/** Whether an answer has let it in, rather than a load that still runs. */
	#granted = false;
	#read = 0;
	#accepted: string[] = [];
	#loaded: Envelope[] = [];
	/** What leaves in this order: envelopes, and answers to pings. */
	#outbox: (Envelope | (() => void))[] = [];
	/** Of pings that were not read yet. */
	#pings: (() => void)[] = [];

	constructor(client: ScriptedClient, merge: KeyedMerge) {
		this.#client = client;
		this.#merge = merge;
		client.onSync = (then) => {
			this.#pings.push(then);
			client.sent.push({ type: 'ping' });
		};
		this.value = merge === 'set' ? 0 : [];
	}

	/** Something changes, and is published. */
	happen(event: StreamEvent): void {
		this.value = createReducer(this.#merge).reduce(this.value as never, event.event, event.data);
		if (this.joined) this.#outbox.push(envelope(event));
	}

	/** Reads the next frame: joins before loading, gives up a load, leaves when told to. */
	read(): boolean {
		const frame = this.#client.sent[this.#read];
		if (!frame) return false;
		this.#read++;
		if (frame['type'] === 'ping') this.#outbox.push(this.#pings.shift()!);
		else if (frame['rpc'] === CANCEL_PATH) {
			this.#accepted = this.#accepted.filter((id) => !(frame['args'] as string[]).includes(id));
			this.joined = this.#granted || this.#accepted.length + this.#loaded.length > 0;
		} else if (frame['release'] === undefined) {
			this.joined = true;
			this.#accepted.push(frame['id'] as string);
		} else this.joined = this.#granted = false;
		return true;
	}

	load(): boolean {
		const id = this.#accepted.shift();
		if (id !== undefined) this.#loaded.push(replyTo(id, { data: this.value, topic: TOPIC, merge: this.#merge }));
		return id !== undefined;
	}

	answer(): boolean {
		const reply = this.#loaded.shift();
		if (reply) {
			this.#granted = true;
			this.#outbox.push(reply);
		}
		return reply !== undefined;
	}

	/** Delivers up to `count` envelopes as one wire frame, or what comes before them. */
	deliver(count: number): boolean {
		const [first] = this.#outbox;
		if (typeof first === 'function') {
			this.#outbox.shift();
			first();
			return true;
		}
		const end = this.#outbox.findIndex((item) => typeof item === 'function');
		const envelopes = this.#outbox.splice(0, end < 0 ? count : Math.min(end, count)) as Envelope[];
		if (envelopes.length > 0) this.#client.frame(...envelopes);
		return envelopes.length > 0;
	}

	drop(): void {
		if (!this.#client.connected) return;
		this.#client.drop();
		this.joined = this.#granted = false;
		this.#read = this.#client.sent.length;
		this.#accepted = [];
		this.#loaded = [];
		this.#outbox = [];
		this.#pings = [];
	}

	open(): void {
		if (!this.#client.connected) this.#client.open();
	}

	/** Does everything there is to do. */
	finish(): void {
		while (this.read() || this.load() || this.answer() || this.deliver(100));
	}
}
