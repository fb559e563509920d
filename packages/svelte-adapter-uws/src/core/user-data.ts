import type { Log } from '../contract/log.ts';
import { LIMITS } from './limits.ts';

const SENSITIVE = /token|secret|password|key|session|credential|email|phone|ssn|dob|iban|creditcard|cc|pin/i;

/** Makes the user data of a connection out of what its `upgrade` hook returned; says once what looks like a mistake. */
export class UserData {
	readonly #log: Log;
	readonly #seen = new Set<string>();
	#warnedAboutType = false;

	constructor(log: Log) {
		this.#log = log;
	}

	/** The hook's object with a `remoteAddress`, or a new one. A frozen object is copied. */
	from(value: unknown, remoteAddress: () => string): object {
		if (typeof value !== 'object' || value === null) {
			if (value) this.#warnAboutType(value);
			return { remoteAddress: remoteAddress() };
		}
		for (const name in value) this.#look(name);
		const own: { remoteAddress?: unknown } = Object.isExtensible(value) ? value : { ...value };
		if (!own.remoteAddress) own.remoteAddress = remoteAddress();
		return own;
	}

	#warnAboutType(value: unknown): void {
		if (this.#warnedAboutType) return;
		this.#warnedAboutType = true;
		this.#log.warn(
			`The upgrade hook returned a ${typeof value}; the user data is {}. Return an object to keep, or false to refuse.`
		);
	}

	#look(name: string): void {
		if (this.#seen.has(name) || this.#seen.size >= LIMITS.userDataNames) return;
		this.#seen.add(name);
		if (!SENSITIVE.test(name)) return;
		this.#log.warn(
			`User data has a field ${JSON.stringify(name)}, which looks like a secret or personal. Plugins may show user data to others: keep an id, and look the rest up.`
		);
	}
}
