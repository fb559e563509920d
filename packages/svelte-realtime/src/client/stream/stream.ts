import type { Envelope } from 'svelte-adapter-uws/contract';
import { RpcError } from '../../shared/error.ts';
import { readSnapshot, type OkReply } from '../../shared/rpc-frame.ts';
import { encodeCall } from '../rpc/call.ts';
import { loadDelay, TRANSIENT } from './backoff.ts';
import { DEV, showFailure } from './development.ts';
import type { Running, StreamHost } from './host.ts';
import type { StreamOptions } from './merge.ts';
import { Pages } from './pages.ts';
import { Place } from './place.ts';
import { serverLoad } from './server-load.ts';
import { Shown } from './shown.ts';
import { withData, withEvents, withLoad, withPage, withSnapshot } from './state.ts';
import type { HydratedAt, Page, StreamStore } from './store.ts';
import { Subscribers } from './subscribers.ts';
import { topicsOf, type Follower, type Load } from './topics.ts';

/** Events that may wait to be shown together, as in a hidden tab. */
const MAX_WAITING = 1_000;

/** One stream of the page: loads, follows, loads again after a lost connection, and lets go after the last subscriber. */
export class Stream<T> extends Shown<T> implements StreamStore<T>, Follower, Running {
	readonly load: () => Promise<never>;
	readonly #place = new Place();
	readonly #pages: Pages;
	readonly #page: () => StreamHost;
	/** The page's client that the stream started on; asking for it anew could open a connection only to end something. */
	#host: StreamHost | undefined;
	readonly #request: { readonly rpc: string; readonly args: readonly unknown[]; readonly stream: true };
	readonly #subscribers = new Subscribers(() => this.#reconcile());
	/** Attempts to load since the last success. */
	#attempts = 0;
	/** Whether the value came from a load. */
	#loaded = false;
	/** What it was hydrated with last. */
	#hydrated: unknown;
	#load: { readonly id: string; readonly load: Load } | undefined;
	#topic: string | undefined;
	/** Events that are to be shown when the page is painted next. */
	#inbox: Envelope[] = [];
	/** The frame that is being read answered a load. */
	#answer = false;
	#stopRetry: (() => void) | undefined;
	#stopGrace: (() => void) | undefined;
	#stopQuiet: (() => void) | undefined;

	constructor(page: () => StreamHost, path: string, args: readonly unknown[], options: StreamOptions) {
		super(path, options);
		this.#page = page;
		this.load = serverLoad(path);
		this.#request = { rpc: path, args, stream: true };
		this.#pages = new Pages({
			host: page,
			request: this.#request,
			page: () => this.state.page,
			topic: () => this.#topic,
			take: (data, next, events) => {
				this.catchUp();
				this.show(withPage(this.state, data, next, events));
			},
			missed: () => this.retry()
		});
	}

	subscribe(run: (value: T | undefined) => void): () => void {
		const unsubscribe = this.value.subscribe(run);
		const leave = this.#subscribers.add();
		return () => {
			unsubscribe();
			leave();
		};
	}

	hydrate(data: T | Page<T>, at?: HydratedAt): StreamStore<T> {
		// A component that comes back brings what the stream began with, and has gone on from.
		if (this.status.value === 'connected' || (this.#loaded && data === this.#hydrated)) return this;
		this.#hydrated = data;
		const isAsking = this.#load && this.#place.isKnown;
		this.#place.reset();
		if (at) this.#place.hydrate(at);
		this.show(withData(this.state, data));
		// The answer would say what has changed of the value before.
		if (isAsking) this.retry();
		const { base, merge } = this.state;
		if (base && merge.name !== 'set' && !Array.isArray(base))
			// eslint-disable-next-line no-console -- addressed to the author of the app
			console.warn(`[svelte-realtime] ${this.path}.hydrate() takes a list, as its merge is ${merge.name}.`);
		return this;
	}

	loadMore(...extra: unknown[]): Promise<boolean> {
		return this.#pages.more(extra);
	}

	retry(): void {
		if (!this.#host) return;
		this.#cancel();
		if (this.#host.client.connected) this.#send(this.#host);
	}

	/** False while somebody needs this very object: it has subscribers, or changes that are not settled. */
	get idle(): boolean {
		return this.#subscribers.count === 0 && !this.#host && this.state.pendings.length === 0;
	}

	/** Forgets the value, and what the server was asked for. */
	reset(): void {
		this.#stopGrace?.();
		this.#stopGrace = undefined;
		this.#loaded = false;
		this.#hydrated = undefined;
		this.#attempts = 0;
		this.#place.reset();
		this.clear();
	}

	receive(event: Envelope): void {
		if (this.#place.accepts(event)) this.#inbox.push(event);
		if (this.#inbox.length >= MAX_WAITING) this.catchUp();
	}

	lost(): void {
		this.catchUp();
		this.#place.reset();
		this.retry();
	}

	flush(): void {
		this.catchUp();
		this.show(this.state);
		// What is missing is asked for, and the events since are in the answer or come with it.
		if (this.#place.gapped && !this.#load && this.#host) this.#send(this.#host);
		if (!this.#answer) return;
		this.#answer = false;
		this.error.set(null);
		this.status.set('connected');
	}

	opened(): void {
		if (this.#load || !this.#host) return;
		this.error.set(null);
		this.#wait();
		// A page that opens must not wait; pages that all come back at once must spread.
		if (this.#attempts === 0 && !this.#loaded) this.#send(this.#host);
		else this.#again(this.#host, 0);
	}

	restart(): void {
		this.reset();
		if (this.#subscribers.count > 0) this.#start();
	}

	down(closed: string | undefined): void {
		if (!this.#host) return;
		this.#cancel();
		this.#topic = undefined;
		this.catchUp();
		if (closed === undefined) return this.#wait();
		this.error.set(new RpcError('CONNECTION_CLOSED', closed));
		this.status.set('error');
	}

	/** Takes in the events that wait to be shown. */
	protected override catchUp(): void {
		if (this.#inbox.length === 0) return;
		const events = this.#inbox;
		this.#inbox = [];
		this.show(withEvents(this.state, events));
	}

	#reconcile(): void {
		const isWanted = this.#subscribers.count > 0;
		if (isWanted && !this.#host) this.#start();
		else if (!isWanted && this.#host) this.#stop(this.#host);
	}

	#start(): void {
		const host = this.#page();
		const closed = host.closed();
		this.#host = host;
		this.#stopGrace?.();
		this.#stopGrace = undefined;
		host.running.add(this);
		this.#stopQuiet?.();
		this.#stopQuiet = host.quiet.follow(this.status);
		if (closed !== undefined) this.down(closed);
		else if (host.client.connected) this.#send(host);
		else this.#wait();
	}

	#stop(host: StreamHost): void {
		const { running, clock, resumeGraceMs } = host;
		this.#stopQuiet?.();
		this.#stopQuiet = undefined;
		this.catchUp();
		this.#cancel();
		this.#wait();
		this.#attempts = 0;
		if (this.#topic !== undefined) topicsOf(host).unfollow(this.#topic, this);
		this.#topic = undefined;
		this.#host = undefined;
		const grace = resumeGraceMs();
		const stopTimer = clock.after(grace, () => this.reset());
		this.#stopGrace = () => {
			stopTimer();
			running.delete(this);
		};
		if (grace <= 0) this.reset();
	}

	#send(host: StreamHost): void {
		const { pending, timeout, trace } = host;
		const id = pending.nextId();
		this.#attempts++;
		this.#wait();
		this.catchUp();
		this.show(withLoad(this.state));
		let frame: string;
		try {
			frame = encodeCall(this.#request.rpc, {
				...this.#request,
				id,
				...(this.state.base === undefined ? {} : this.#place.fields),
				schemaVersion: this.options.version,
				...trace()
			});
		} catch (error) {
			return this.#failed(host, error as RpcError);
		}
		// The events that follow the request belong to the load, so it begins first.
		this.#load = { id, load: topicsOf(host).begin() };
		const waiter = {
			id,
			done: (reply: OkReply) => this.#answered(host, reply),
			fail: (error: RpcError) => this.#failed(host, error)
		};
		pending.join({ frame, path: this.#request.rpc, waiter }, timeout());
	}

	#answered(host: StreamHost, answer: OkReply): void {
		const topics = topicsOf(host);
		this.catchUp();
		const reply = this.#place.unseen(answer);
		const { topic, snapshot } = readSnapshot(reply);
		const load = this.#load!.load;
		const events = topic === undefined ? [] : topics.since(load, topic);
		this.#place.answered(reply);
		this.state = withSnapshot(
			this.state,
			snapshot,
			(events ?? []).filter((event) => this.#place.accepts(event))
		);
		if (this.#topic !== undefined && this.#topic !== topic) topics.unfollow(this.#topic, this);
		this.#topic = topic;
		if (topic !== undefined) topics.follow(topic, this);
		this.#endLoad(true);
		topics.touch(this);
		if (!events) return this.#again(host, 0);
		this.#attempts = 0;
		this.#loaded = true;
		this.#answer = true;
	}

	#failed(host: StreamHost, error: RpcError): void {
		this.#endLoad();
		if (DEV) showFailure(this.path, this.error.value, error);
		this.error.set(error);
		this.status.set('error');
		if (TRANSIENT.includes(error.code)) this.#again(host, error.retryAfter ?? 0);
	}

	/** Loads again after a pause of at least `least` milliseconds. */
	#again(host: StreamHost, least: number): void {
		const { clock, random, soon } = host;
		this.#stopRetry?.();
		const run = (): void => this.#send(host);
		this.#stopRetry =
			this.#attempts < 2 && !least ? soon(run) : clock.after(Math.max(loadDelay(this.#attempts + 1, random), least), run);
	}

	#wait(): void {
		this.status.set(this.#loaded ? 'reconnecting' : 'loading');
	}

	#cancel(): void {
		this.#stopRetry?.();
		this.#stopRetry = undefined;
		if (!this.#load) return;
		this.#host?.pending.cancel(this.#load.id);
		this.#endLoad();
	}

	#endLoad(isAnswered = false): void {
		const load = this.#load;
		this.#load = undefined;
		if (load) this.#host?.topics?.end(load.load, isAnswered);
	}
}
