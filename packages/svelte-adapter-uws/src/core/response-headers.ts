import type { UpgradeResponse } from '../contract/hooks.ts';
import type { Log } from '../contract/log.ts';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// eslint-disable-next-line no-control-regex -- these are what must not be in a header
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;

/** Header lines for the 101 out of what an `upgrade` hook asked for. */
export class ResponseHeaders {
	readonly #log: Log;
	#warned = false;

	constructor(log: Log) {
		this.#log = log;
	}

	/** Throws a TypeError for a name or value that would break out of its line. */
	from(headers: UpgradeResponse['headers']): (readonly [name: string, value: string])[] {
		const lines = Object.entries(headers ?? {}).flatMap(([name, value]) =>
			(Array.isArray(value) ? value : [value]).map((one) => line(name, String(one)))
		);
		if (!this.#warned && lines.some(([name]) => name.toLowerCase() === 'set-cookie')) {
			this.#warned = true;
			this.#log.warn(
				'The upgrade hook sets a cookie on the 101, which some proxies answer by dropping the connection. Set it in an authenticate hook instead.'
			);
		}
		return lines;
	}
}

function line(name: string, value: string): readonly [string, string] {
	if (NAME.test(name) && !FORBIDDEN_IN_VALUE.test(value)) return [name, value];
	throw new TypeError(
		`upgradeResponse: header ${JSON.stringify(name)} holds a control character or has no valid name. Leave it out or encode it.`
	);
}
