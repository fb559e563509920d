import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';

/** How the text of one variable becomes a value: `undefined` = it is not one. */
export interface Form<Value> {
	/** The end of the sentence `expected …`. */
	readonly expected: string;
	readonly parse: (text: string) => Value | undefined;
	/** Errors say how long it is, and no more. */
	readonly isSecret?: boolean;
}

const WHOLE = /^\d+(?:\.0+)?$/;
const SIZE = /^(\d+(?:\.\d*)?|\.\d+)([kmg]?)b?$/i;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER): Form<number> {
	const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
	return {
		expected: `a whole number, ${range}`,
		parse: (text) => (WHOLE.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined)
	};
}

/** One of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): Form<Word> {
	return { expected: words.join(' or '), parse: (text) => words.find((word) => word === text) };
}

export const text: Form<string> = { expected: 'something', parse: (given) => given || undefined };

export const flag: Form<boolean> = {
	expected: 'true, false, 1 or 0',
	parse: (given) => ({ true: true, '1': true, false: false, '0': false })[given]
};

/** The name of a request header, in lower case. */
export const header: Form<string> = {
	expected: 'the name of a request header',
	parse: (given) => (HEADER_NAME.test(given) ? given.toLowerCase() : undefined)
};

/** How many workers: a number, or as many as there are processors. */
export const workers: Form<number> = {
	expected: 'auto or a whole number, 1 or more',
	parse: (given) => (given === 'auto' ? availableParallelism() : whole(1).parse(given))
};

/** A secret of `min` characters or more. */
export const secret = (min: number): Form<string> => ({
	expected: `${min} or more. A random one: openssl rand -hex 32`,
	parse: (given) => (given.length >= min ? given : undefined),
	isSecret: true
});

/** A file that can be read. */
export const readable: Form<string> = {
	expected: 'the path of a PEM file that this process can read',
	parse: (path) => (isReadable(path) ? path : undefined)
};

/** The origin of a URL. */
export const origin: Form<string> = {
	expected: 'an http or https URL such as https://example.com',
	parse(given) {
		const url = URL.canParse(given) ? new URL(given) : undefined;
		return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined;
	}
};

/** Bytes; 0 is read as `Infinity`. */
export const size: Form<number> = {
	expected: 'a size such as 512K, 2M or 1G, or 0 for no limit',
	parse(given) {
		const [, amount, unit = ''] = SIZE.exec(given) ?? [];
		if (amount === undefined) return undefined;
		const bytes = Math.floor(Number(amount) * UNITS[unit.toLowerCase()]!);
		if (!Number.isSafeInteger(bytes)) return undefined;
		return Number(amount) === 0 ? Infinity : bytes;
	}
};

function isReadable(path: string): boolean {
	try {
		accessSync(path, constants.R_OK);
		return path !== '';
	} catch {
		return false;
	}
}
