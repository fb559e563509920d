import type { WebSocketHooks } from '../contract/hooks.ts';
import type { CoalescedMessage, Platform } from '../contract/platform.ts';
import { CAPS } from '../protocol/control.ts';
import { takesBatches, takesEpochs, type Variant } from './audience.ts';
import type { Coalesced } from './coalesced.ts';
import type { Requests } from './requests.ts';

/** The topics that the connection holds, a `Set`. */
export const WS_SUBSCRIPTIONS: unique symbol = Symbol.for('adapter-uws.ws.subscriptions');
/** What `sendCoalesced` still keeps for the connection, a `Map` of key to message; absent before the first. */
export const WS_COALESCED: unique symbol = Symbol.for('adapter-uws.ws.coalesced');
/** The id that the client was told in `welcome`. */
export const WS_SESSION_ID: unique symbol = Symbol.for('adapter-uws.ws.session-id');
/** What the server asked the client and waits for, a `Map` by the number of the request; absent before the first. */
export const WS_PENDING_REQUESTS: unique symbol = Symbol.for('adapter-uws.ws.pending-requests');
/** What was counted of the connection: `openedAt`, `messagesIn`, `bytesIn`, `messagesOut`, `bytesOut`. Absent without a `close` hook. */
export const WS_STATS: unique symbol = Symbol.for('adapter-uws.ws.stats');
/** The platform that hooks of the connection are given. */
export const WS_PLATFORM: unique symbol = Symbol.for('adapter-uws.ws.platform');
/** The capabilities that change what the client is sent, a `Set` of `batch` and `epoch`. */
export const WS_CAPS: unique symbol = Symbol.for('adapter-uws.ws.caps');
/** A name of user data that is gone by the time `open` runs. */
export const WS_REQUEST_ID_KEY = '__adapter_uws_request_id__';

/** A connection as its slots show it. */
export interface Slotted {
	readonly id: string;
	readonly topics: ReadonlySet<string>;
	readonly variant: Variant;
	readonly platform: Platform;
	readonly hooks: WebSocketHooks;
	readonly openedAt: number;
	readonly messagesIn: number;
	readonly bytesIn: number;
	readonly messagesOut: number;
	readonly bytesOut: number;
	readonly requests: Requests | undefined;
	readonly coalesced: Coalesced | undefined;
}

const HOLDER = Symbol('connection');
type UserData = { readonly [HOLDER]: Slotted };

const slot = (read: (connection: Slotted) => unknown): PropertyDescriptor => ({
	get(this: UserData): unknown {
		return read(this[HOLDER]);
	},
	// Another copy of the package may show a connection in the same object.
	configurable: true
});

/** One getter of each for all connections: what a connection costs is the one field that says which it is. */
const SLOTS: PropertyDescriptorMap = {
	[WS_SUBSCRIPTIONS]: slot(({ topics }) => topics),
	[WS_COALESCED]: slot(({ coalesced }) => coalesced && messagesOf(coalesced)),
	[WS_SESSION_ID]: slot(({ id }) => id),
	[WS_PENDING_REQUESTS]: slot(({ requests }) => requests?.pending),
	[WS_STATS]: slot(({ hooks, openedAt, messagesIn, bytesIn, messagesOut, bytesOut }) =>
		hooks.close ? { openedAt, messagesIn, bytesIn, messagesOut, bytesOut } : undefined
	),
	[WS_PLATFORM]: slot(({ platform }) => platform),
	[WS_CAPS]: slot(({ variant }) => capsOf(variant))
};

/**
 * Shows a connection in its user data, to tests and to libraries: what the slots give is to be read, not changed. They are not
 * enumerable, so a copy of the user data has none. User data of several connections shows the one that was opened last.
 */
export function showSlots(userData: object, connection: Slotted): void {
	const isNew = !Object.hasOwn(userData, HOLDER);
	Object.defineProperty(userData, HOLDER, { value: connection, writable: true, configurable: true });
	if (isNew) Object.defineProperties(userData, SLOTS);
	delete (userData as Record<string, unknown>)[WS_REQUEST_ID_KEY];
}

function messagesOf(coalesced: Coalesced): ReadonlyMap<string, CoalescedMessage> {
	const messages = new Map<string, CoalescedMessage>();
	for (const [name, frame] of coalesced.waiting()) {
		if (!name.startsWith('key ')) continue;
		const key = name.slice(4);
		messages.set(key, { key, ...(JSON.parse(frame) as Omit<CoalescedMessage, 'key'>) });
	}
	return messages;
}

function capsOf(variant: Variant): ReadonlySet<string> {
	const caps = new Set<string>();
	if (takesBatches(variant)) caps.add(CAPS.batch);
	if (takesEpochs(variant)) caps.add(CAPS.epoch);
	return caps;
}
