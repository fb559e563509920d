/** How the server's WebSocket endpoint behaves. Every option has a default; `true` in place of the object means all of them. */
export interface WebSocketOptions {
	/** Path of the endpoint, starting with `/`. Default `/ws`. */
	readonly path?: string;
	/** The hooks file, relative to the project root. Default: the first of `src/hooks.ws.ts`, `.js`, `.mjs` that exists. */
	readonly handler?: string;
	/** Path of the `authenticate` hook, starting with `/`. Default `/__ws/auth`. */
	readonly authPath?: string;
	/**
	 * Refuses a POST to `authPath` with 403 unless it shows that it comes from a page of the app: by `X-Requested-With: XMLHttpRequest`,
	 * `Sec-Fetch-Site: same-origin`, or an `Origin` that may connect. Default true.
	 */
	readonly authPathRequireOrigin?: boolean;
	/** Largest inbound message in bytes; a larger one ends its connection. Default 16,384. */
	readonly maxPayloadLength?: number;
	/** Seconds of silence after which a connection is closed: 0 (never) or 8 to 960. Default 120. */
	readonly idleTimeout?: number;
	/** Bytes of send buffer per connection; a frame that does not fit is dropped for that connection. Default 1,048,576. */
	readonly maxBackpressure?: number;
	/**
	 * permessage-deflate: `true` with a compressor that all connections share, a number as one of the constants of uWebSockets.js, or a
	 * compressor and a decompressor of them joined by `|`. The node transport has one way to compress for all of them. Default false.
	 * @example compression: 180 // DEDICATED_COMPRESSOR_16KB
	 */
	readonly compression?: boolean | number;
	/** Protocol pings keep quiet connections alive. Default true. */
	readonly sendPingsAutomatically?: boolean;
	/** Seconds that an `upgrade` or `authenticate` hook may take; 0 = no limit. Default 10. */
	readonly upgradeTimeout?: number;
	/**
	 * Seconds that a `subscribe`, `subscribeBatch` or `resume` hook may take; 0 = no limit. Then the subscribe is denied with
	 * `INTERNAL_ERROR`, and the resume acknowledged. Default 30.
	 */
	readonly hookTimeout?: number;
	/** Handshakes that one client address may begin in `upgradeRateLimitWindow`; 0 = no limit. Above it: 429. Default 10. */
	readonly upgradeRateLimit?: number;
	/** Seconds of the sliding window of `upgradeRateLimit`. Default 10. */
	readonly upgradeRateLimitWindow?: number;
	/** How many clients one worker lets in at a time. Default: no limit. */
	readonly upgradeAdmission?: UpgradeAdmission;
	/** Whose pages may connect. Default `same-origin`; `*` accepts everybody. */
	readonly allowedOrigins?: 'same-origin' | '*' | readonly string[];
	/** Lets clients subscribe to topics that start with `__`. Default false. */
	readonly allowSystemTopicSubscribe?: boolean;
	/** Lets topic names hold characters outside ASCII. Default false. */
	readonly allowNonAsciiTopics?: boolean;
	/**
	 * Compresses app responses to requests with cookies or `Authorization` too. Default false: the size of a compressed page
	 * that holds both a secret and text of an attacker's choice gives the secret away (BREACH).
	 */
	readonly compressCredentialedResponses?: boolean;
	/**
	 * Signs what the workers of one machine relay to each other, so that nothing else in the process can forge an event; at least
	 * 16 characters. The variable `WORKER_RELAY_HMAC_SECRET` wins over it and keeps it out of the build. Default none.
	 */
	readonly workerRelayHmacSecret?: string;
	/** When this worker is under pressure, and when a topic is published too often; `false` samples nothing. Default: the defaults below. */
	readonly pressure?: PressureOptions | false;
	/** How much the server itself keeps of topics that are kept, such as those of streams with `replay`. Default: the defaults below. */
	readonly replay?: ReplayLimits;
	/** Starts although same-origin compares two headers that the client chooses; warns instead. Default false. */
	readonly unsafeSameOriginWithoutHostPin?: boolean;
}

/** Limits of one worker on what comes in; each is a whole number, and 0, the default, means no limit. */
export interface UpgradeAdmission {
	/** Handshakes that are decided at the same time; above it: 503. */
	readonly maxConcurrent?: number;
	/** Handshakes that become connections in one turn of the event loop; the others wait for the next one. */
	readonly perTickBudget?: number;
	/** Open connections; above it: 503. */
	readonly maxConnections?: number;
}

/** How much of the newest events is kept in memory; with several workers in the primary, for all of them. What is gone is loaded afresh. */
export interface ReplayLimits {
	/** Events of one topic. Default 1,000. */
	readonly size?: number;
	/** Milliseconds for which an event is kept; 0 = as long as there is room. Default 0. */
	readonly ttlMs?: number;
	/** Topics; at one too many the one that was used longest ago is forgotten. Default 10,000. */
	readonly maxTopics?: number;
	/** UTF-16 units of data in all; over it whole topics are forgotten, and the oldest events of the last one. Default 67,108,864. */
	readonly maxLength?: number;
}

/** Where pressure begins. `false` switches one of them off. */
export interface PressureOptions {
	/** Share of the heap's limit, above 0 and up to 1, from which on the reason is `MEMORY`. Default 0.85. */
	readonly memoryHeapUsedRatio?: number | false;
	/** Publishes a second from which on the reason is `PUBLISH_RATE`. Default 10,000. */
	readonly publishRatePerSec?: number | false;
	/** Subscriptions for each connection from which on the reason is `SUBSCRIBERS`. Default 50. */
	readonly subscriberRatio?: number | false;
	/** Milliseconds between two looks; less than 100 counts as 100. Default 1,000. */
	readonly sampleIntervalMs?: number;
	/** Publishes of one topic a second that are too many. Default 5,000. */
	readonly topicPublishRatePerSec?: number | false;
	/** Bytes published to one topic in a second that are too many. Default 10,485,760. */
	readonly topicPublishBytesPerSec?: number | false;
}

export type ResolvedPressureOptions = Required<PressureOptions>;

/** What `adapter()` takes. */
export interface AdapterOptions {
	/** Folder of the built server; emptied on every build. Default `build`. */
	readonly out?: string;
	/** Writes `.br` and `.gz` beside static files. Default true. */
	readonly precompress?: boolean;
	/** Bytes above which a static file is read from disk for each request; `false` keeps every file in memory. Default false. */
	readonly streamFilesAbove?: number | false;
	/** Put before the name of every environment variable that the built server reads. Default none. */
	readonly envPrefix?: string;
	/** Path of the health check; `false` removes it. Default `/healthz`. */
	readonly healthCheckPath?: string | false;
	/** Path of the readiness check: 503 until `init` has run and from the first signal to end on; `false` removes it. Default `/readyz`. */
	readonly readinessCheckPath?: string | false;
	/** The WebSocket endpoint. Default off. */
	readonly websocket?: boolean | WebSocketOptions;
}

/** Validated, with defaults filled in. Plain data: it travels as JSON into the built server. */
export type ResolvedWebSocketOptions = Required<Omit<WebSocketOptions, Unset | 'upgradeAdmission' | 'pressure' | 'replay'>> &
	Pick<WebSocketOptions, Unset> & {
		readonly upgradeAdmission: Required<UpgradeAdmission>;
		readonly pressure: ResolvedPressureOptions | false;
		readonly replay: Required<ReplayLimits>;
	};

/** Options whose default is to be absent. */
type Unset = 'handler' | 'workerRelayHmacSecret';

/** Validated, with defaults filled in. */
export interface ResolvedAdapterOptions extends Required<Omit<AdapterOptions, 'websocket'>> {
	readonly websocket: ResolvedWebSocketOptions | false;
}

/** What the built server knows of the build; JSON. */
export interface BuildSettings {
	readonly envPrefix: string;
	readonly healthCheckPath: string | false;
	readonly readinessCheckPath: string | false;
	readonly websocket: ResolvedWebSocketOptions | false;
	readonly streamFilesAbove: number | false;
	/** Base path of the app, `''` or `/base`. */
	readonly base: string;
	/** Folder of the app's own files below the base, `_app` unless configured. */
	readonly appDir: string;
	/** The origin that the app was configured with; `''` when it was not. */
	readonly origin: string;
}
