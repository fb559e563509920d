import type { Connection, Platform } from 'svelte-adapter-uws/contract';
import type { Context } from '../define/context.ts';
import type { DefinitionOf, Guard, Kind } from '../define/definition.ts';
import type { RpcRequest } from '../shared/rpc-frame.ts';
import type { Scope } from './scope.ts';

/** Reports a failure of the app's code. Never throws. */
export type OnError = (path: string, error: unknown, context?: Context) => void;

/** All that a feature may touch. A runtime makes one and hands it to each feature it installs. */
export interface Host {
	readonly platform: Platform;
	/** What lives as long as one connection. */
	readonly scope: (ws: Connection) => Scope;
	readonly onError: OnError;
}

/** One export at its path. */
export interface Entry<K extends Kind = Kind> {
	/** `<module>/<export>`. */
	readonly path: string;
	readonly definition: DefinitionOf<K>;
	readonly guard: Guard | undefined;
}

/** An installed export: how it answers. What it cannot do is absent, and a request for it is refused as `INVALID_REQUEST`. */
export interface Installed extends Disposable {
	/** A call by a client. */
	call?(context: Context, args: readonly unknown[]): unknown;
	/** A subscribe request by a client; gives the fields of the reply. */
	subscribe?(context: Context, args: readonly unknown[], request: RpcRequest): Promise<object>;
	/** The value for code of the server itself, such as a page's load function. */
	load?(context: Context, args: readonly unknown[]): unknown;
	/** Topics whose events belong to this export; `'any'` when they depend on arguments. */
	readonly topics?: readonly string[] | 'any';
}

/** A kind of definition and what it does while it is installed. State lives in the closure, and dies with it. */
export interface Feature<K extends Kind = Kind> {
	readonly kind: K;
	install(host: Host, entry: Entry<K>): Installed;
}
