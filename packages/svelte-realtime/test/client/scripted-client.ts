import type { Client, Denial, Envelope, EnvelopeListener, Failure, Readable, Status } from 'svelte-adapter-uws/contract';
import { createCell } from '../../src/client/cell.ts';
import type { PageClock } from '../../src/client/clock.ts';
import { createLiveClient, type LiveClient, type Settings } from '../../src/client/live-client.ts';

type Frame = Record<string, any>;

/** A connection whose other end is the test: it keeps the contract of `Client`, and does nothing by itself. */
export class ScriptedClient implements Client {
	readonly #status = createCell<Status>('connecting');
	readonly #failure = createCell<Failure | null>(null);
	readonly #taps = new Set<EnvelopeListener>();
	readonly #opens = new Set<() => void>();
	readonly #downs = new Set<(failure: Failure | null, terminal: boolean) => void>();
	readonly status: Readable<Status> = this.#status;
	readonly failure: Readable<Failure | null> = this.#failure;
	readonly denials: Readable<Denial | null> = createCell<Denial | null>(null);
	maxPayloadLength = 16_384;
	bufferedAmount = 0;
	connected = false;
	/** Frames that left, parsed; `release` shows as `{ release: topic }`. */
	readonly sent: Frame[] = [];

	sendNow(frame: string | Uint8Array): boolean {
		if (!this.connected) return false;
		this.sent.push(JSON.parse(String(frame)) as Frame);
		return true;
	}

	sendQueued(): void {
		throw new Error('Not used: frames that wait are kept by the realtime client.');
	}

	listen(): () => void {
		throw new Error('Not used: the realtime client reads whole frames.');
	}

	tap(listener: EnvelopeListener): () => void {
		this.#taps.add(listener);
		return () => void this.#taps.delete(listener);
	}

	subscribe(): () => void {
		throw new Error('Not used: the server joins streams to their topics.');
	}

	release(topic: string): void {
		if (this.connected) this.sent.push({ release: topic });
	}

	sync(then: () => void): void {
		if (this.connected) this.onSync(then);
		else then();
	}

	/** Says when nothing from before is on its way any more. Default at once. */
	onSync = (then: () => void): void => then();

	answer(): () => void {
		throw new Error('No live client answers requests of the server.');
	}

	onOpen(run: () => void): () => void {
		this.#opens.add(run);
		return () => void this.#opens.delete(run);
	}

	onDown(run: (failure: Failure | null, terminal: boolean) => void): () => void {
		this.#downs.add(run);
		return () => void this.#downs.delete(run);
	}

	ready(): Promise<void> {
		throw new Error('Not used.');
	}

	close(): void {
		this.fail();
	}

	/** How many listeners of any kind are held. */
	get listeners(): number {
		return this.#taps.size + this.#opens.size + this.#downs.size;
	}

	open(): void {
		this.connected = true;
		this.#failure.set(null);
		this.#status.set('open');
		for (const run of this.#opens) run();
	}

	drop(): void {
		this.connected = false;
		this.#status.set('disconnected');
		for (const run of this.#downs) run(null, false);
	}

	fail(failure: Failure | null = null): void {
		this.connected = false;
		this.#failure.set(failure);
		this.#status.set('failed');
		for (const run of this.#downs) run(failure, true);
	}

	/** The page goes to the background, or comes back. */
	show(visible: boolean): void {
		this.#status.set(visible ? 'open' : 'suspended');
	}

	/** One wire frame with these envelopes. */
	frame(...envelopes: Envelope[]): void {
		for (const tap of this.#taps) tap(envelopes);
	}

	/** One wire frame with the answer to the request `id`. */
	reply(id: string, reply: Frame): void {
		this.frame(replyTo(id, reply));
	}

	/** The requests that left for `rpc`, those of batches included. */
	requests(rpc?: string): Frame[] {
		const all = this.sent.flatMap(
			(frame) => (frame['batch'] as Frame[] | undefined) ?? (frame['rpc'] === undefined ? [] : [frame])
		);
		return rpc === undefined ? all : all.filter((frame) => frame['rpc'] === rpc);
	}

	get releases(): string[] {
		return this.sent.flatMap((frame) => (frame['release'] === undefined ? [] : [frame['release'] as string]));
	}
}

export function replyTo(id: string, reply: Frame): Envelope {
	return { topic: '__rpc', event: id, data: { id, ok: true, ...reply } };
}

/** Time that moves when the test says so. */
export class ManualClock implements PageClock {
	#now = 0;
	readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

	now(): number {
		return this.#now;
	}

	after(ms: number, run: () => void): () => void {
		const timer = { at: this.#now + ms, run };
		this.#timers.add(timer);
		return () => void this.#timers.delete(timer);
	}

	get pending(): number {
		return this.#timers.size;
	}

	advance(ms: number): void {
		const end = this.#now + ms;
		for (;;) {
			const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!next) break;
			this.#timers.delete(next);
			this.#now = Math.max(this.#now, next.at);
			next.run();
		}
		this.#now = end;
	}

	/** The device sleeps: time passes, no timer fires until it wakes. */
	sleep(ms: number): void {
		this.#now += ms;
		this.advance(0);
	}
}

/** A live client over a scripted connection, with its own clock. */
export function scripted(
	settings: Partial<Settings> = {},
	paint?: (run: () => void) => void
): {
	readonly client: ScriptedClient;
	readonly clock: ManualClock;
	readonly live: LiveClient;
	readonly host: () => LiveClient;
} {
	const client = new ScriptedClient();
	const clock = new ManualClock();
	const live = createLiveClient(client, {
		clock,
		random: () => 0.5,
		settings: () => ({ timeout: 30_000, resumeGraceMs: 60_000, ...settings }),
		...(paint ? { paint } : {})
	});
	return { client, clock, live, host: () => live };
}

/** Lets everything that waits for the end of the turn happen. */
export async function turn(): Promise<void> {
	for (let i = 0; i < 5; i++) await Promise.resolve();
}
