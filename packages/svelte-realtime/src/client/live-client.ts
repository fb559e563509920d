import type { Client, Envelope } from 'svelte-adapter-uws/contract';
import { report } from './cell.ts';
import type { PageClock } from './clock.ts';
import { Calls } from './rpc/call.ts';
import { PendingRequests } from './rpc/pending.ts';
import type { TraceFields } from '../shared/rpc-frame.ts';
import { Quiet } from './stream/quiet.ts';
import type { Running, StreamHost } from './stream/host.ts';
import { createSoon } from './stream/soon.ts';
import type { Paint } from './stream/topics.ts';

/** How uploads are sent. */
export interface UploadSettings {
	/** Bytes of one frame. Default, and at most, what the server takes. */
	readonly frameSize?: number;
	/** Bytes in the socket's buffer over which nothing more is sent. Default 4 MiB. */
	readonly highWaterMark?: number;
	/** Bytes in the socket's buffer under which it goes on. Default 1 MiB. */
	readonly lowWaterMark?: number;
}

/** What an app may set, at any time; see `configure`. */
export interface Settings {
	/** Milliseconds that a call or a load may take. Default 30,000. */
	readonly timeout: number;
	/** Milliseconds that a stream keeps its value after its last subscriber; 0 = not at all. Default 60,000. */
	readonly resumeGraceMs: number;
	/** Gives the trace context that calls and subscribe requests carry, as `traceparent` of W3C Trace Context has it. */
	readonly traceparent?: (() => string | undefined) | undefined;
	readonly upload?: UploadSettings | undefined;
	/** Called each time the connection is back; not for the first one. */
	readonly onConnect?: (() => void) | undefined;
	/** Called each time the connection is lost. */
	readonly onDisconnect?: (() => void) | undefined;
}

export interface LiveClientParts {
	readonly clock: PageClock;
	/** 0 up to, but without, 1. */
	readonly random: () => number;
	/** Read at each use. */
	readonly settings: () => Settings;
	/** When events are shown. Default with the frames that the browser paints. */
	readonly paint?: Paint;
	/** Of the page, where it outlives the client. */
	readonly quiet?: Quiet;
}

/** What the realtime client needs of a connection; both a `Client` and what `connect()` gives have it. */
export type Connection = Pick<
	Client,
	'status' | 'connected' | 'maxPayloadLength' | 'bufferedAmount' | 'sendNow' | 'tap' | 'release' | 'sync' | 'onOpen' | 'onDown'
>;

/** Everything of one page: its calls and its streams, over one connection. */
export interface LiveClient extends StreamHost {
	readonly client: Connection;
	readonly upload: () => UploadSettings;
	calls: Calls;
	/** Ends every call and stream. The connection itself stays open. */
	close(): void;
}

/** Creates the realtime client over a connection that somebody else opened and will close. */
export function createLiveClient(
	client: Connection,
	{ clock, random, settings, paint, quiet = new Quiet() }: LiveClientParts
): LiveClient {
	const running = new Set<Running>();
	const timeout = (): number => settings().timeout;
	const trace = (): TraceFields => {
		const traceparent = tell(settings().traceparent);
		return { traceparent: typeof traceparent === 'string' ? traceparent : undefined };
	};
	let closed: string | undefined;
	let open = client.connected;
	let opens = open ? 1 : 0;
	const pending = new PendingRequests({
		client,
		clock,
		random,
		closed: () => closed,
		// The page lost interest before the answer came: the server subscribed it all the same.
		stray: ({ topic }) => void (typeof topic === 'string' && page.topics?.leave(topic))
	});

	const receive = (envelopes: readonly Envelope[]): void => {
		for (const envelope of envelopes) {
			if (envelope.topic === '__rpc') pending.receive(envelope.event, envelope.data);
			else page.topics?.receive(envelope);
		}
		page.topics?.flush();
	};
	const opened = (): void => {
		closed = undefined;
		open = true;
		pending.opened();
		for (const stream of [...running]) stream.opened();
		if (opens++ > 0) tell(settings().onConnect);
	};
	const down = (reason: string | undefined): void => {
		closed = reason;
		// Streams first: they give up their loads, which are then no longer there to fail.
		for (const stream of [...running]) stream.down(reason);
		page.topics?.down();
		pending.down(reason);
		if (open) tell(settings().onDisconnect);
		open = false;
	};
	const stops = [
		// A tap sees a frame whole and in order, so an answer and the events around it cannot change places.
		client.tap(receive),
		client.onOpen(opened),
		client.onDown((failure, terminal) =>
			down(terminal ? `The connection has ended for good: ${failure?.reason || 'it was closed'}.` : undefined)
		)
	];
	client.status.subscribe((status) => {
		if (status === 'failed') closed ??= 'The connection has ended for good.';
	})();

	const page: LiveClient = {
		client,
		pending,
		paint,
		clock,
		random,
		soon: createSoon(clock, random),
		running,
		quiet,
		timeout,
		trace,
		resumeGraceMs: () => settings().resumeGraceMs,
		upload: () => settings().upload ?? {},
		closed: () => closed,
		calls: new Calls({ client, pending, timeout, trace }),
		close() {
			for (const stop of stops) stop();
			down('The realtime client was closed.');
			running.clear();
		}
	};
	return page;
}

/** Runs a callback of the app; what it throws is reported as uncaught and stops nothing here. */
function tell<T>(callback: (() => T) | undefined): T | undefined {
	try {
		return callback?.();
	} catch (error) {
		report(error);
		return undefined;
	}
}
