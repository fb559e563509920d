import type { Connection, Platform, PublishOptions } from 'svelte-adapter-uws/contract';
import type { Context } from '../define/context.ts';
import { LiveError } from '../shared/error.ts';

/** Where a call came from. */
export interface Source {
	readonly platform: Platform;
}

/** The context of one call: everything but its own fields is looked up when it is read. */
export class CallContext implements Context<any> {
	readonly user: any;
	readonly ws: Connection | null;
	readonly platform: Platform;
	/** Of a call without a connection: nothing ends it. */
	#endless: AbortSignal | undefined;

	constructor(platform: Platform, ws: Connection | null, user: unknown) {
		this.platform = platform;
		this.ws = ws;
		this.user = user;
	}

	get requestId(): string {
		return this.platform.requestId;
	}

	get signal(): AbortSignal {
		return this.ws?.signal ?? (this.#endless ??= new AbortController().signal);
	}

	publish(topic: string, event: string, data?: unknown, options?: PublishOptions): boolean {
		if (typeof topic === 'string' && topic.startsWith('__')) {
			throw new LiveError(
				'INVALID_TOPIC',
				`${topic} is a name of the framework. Choose one that does not start with __, or use ctx.platform.publish on purpose.`
			);
		}
		return this.platform.publish(topic, event, data, options);
	}
}

/**
 * Who a connection belongs to: what its `upgrade` hook returned, or `null` when it returned nothing. The adapter adds
 * `remoteAddress` to the user data, which alone makes nobody a user.
 */
export function userOf(ws: Connection): unknown {
	const data: unknown = ws.getUserData();
	if (typeof data !== 'object' || data === null) return null;
	for (const name in data) if (name !== 'remoteAddress') return data;
	return null;
}
