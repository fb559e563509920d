import type { Connection } from 'svelte-adapter-uws/contract';
import { Scope, type ScopeParts } from './scope.ts';

/** The scopes of one runtime's connections, made when they are first needed. */
export class Scopes implements Disposable {
	readonly #parts: ScopeParts;
	readonly #byConnection = new WeakMap<Connection, Scope>();

	constructor(parts: Pick<ScopeParts, 'clock' | 'limits' | 'violated' | 'follows'>) {
		this.#parts = { ...parts, holders: new Map(), busy: new Set() };
	}

	of(ws: Connection): Scope {
		let scope = this.#byConnection.get(ws);
		if (!scope) this.#byConnection.set(ws, (scope = new Scope(ws, this.#parts)));
		return scope;
	}

	/** The same, if there is one. */
	find(ws: Connection): Scope | undefined {
		return this.#byConnection.get(ws);
	}

	[Symbol.dispose](): void {
		for (const scope of [...this.#parts.busy]) scope.end(true);
	}
}
