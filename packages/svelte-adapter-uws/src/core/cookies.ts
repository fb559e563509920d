import { stringifySetCookie } from 'cookie';
import type { AuthenticateCookies, CookieSerializeOptions } from '../contract/hooks.ts';
import { readCookies } from './handshake.ts';

const SAME_SITE = ['strict', 'lax', 'none'] as const;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSAFE = /[\u0000-\u0020\u007f;,]/;

/** The cookies of one request, and those that its response is to set. */
export class PendingCookies implements AuthenticateCookies {
	/** What the app sees now. */
	readonly #values: Record<string, string>;
	/** `Set-Cookie` values by name, path and domain. */
	readonly #pending = new Map<string, string>();

	constructor(header: string) {
		this.#values = readCookies(header);
	}

	/** The values of the `Set-Cookie` headers. */
	get lines(): Iterable<string> {
		return this.#pending.values();
	}

	get(name: string): string | undefined {
		return this.#values[name];
	}

	getAll(): { name: string; value: string }[] {
		return Object.entries(this.#values).map(([name, value]) => ({ name, value }));
	}

	set(name: string, value: string, options: CookieSerializeOptions = {}): void {
		this.#add(name, value, options);
		this.#values[name] = value;
	}

	delete(name: string, options: Pick<CookieSerializeOptions, 'path' | 'domain' | 'secure' | 'partitioned'> = {}): void {
		this.#add(name, '', { ...options, maxAge: 0, expires: new Date(0) });
		delete this.#values[name];
	}

	#add(name: string, value: string, options: CookieSerializeOptions): void {
		if (typeof value !== 'string') throw new TypeError(`cookies.set('${name}'): got ${typeof value}, expected a string.`);
		const attributes = attributesOf(name, options);
		let line: string;
		try {
			line = stringifySetCookie({ name, value, ...attributes }, options.encode === false ? { encode: (text) => text } : {});
		} catch (error) {
			throw new TypeError(`cookies.set('${name}'): ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
		}
		// None of the three can hold a line feed.
		const key = `${name}\n${attributes.path}\n${attributes.domain?.toLowerCase() ?? ''}`;
		// At the end, where a browser that knows one scope only takes it for the last word.
		this.#pending.delete(key);
		this.#pending.set(key, line);
	}
}

type Attributes = Omit<CookieSerializeOptions, 'encode' | 'sameSite'> & { path: string; sameSite?: 'strict' | 'lax' | 'none' };

/** The attributes that the library takes in another form, or does not check. Without a path the cookie would end at that of the request. */
function attributesOf(name: string, { encode: _, path = '/', maxAge, sameSite, ...others }: CookieSerializeOptions): Attributes {
	const wrong = (attribute: string, value: unknown, expected: string): TypeError =>
		new TypeError(`cookies.set('${name}'): ${attribute} is ${JSON.stringify(value)}, expected ${expected}.`);
	for (const [attribute, value] of Object.entries({ path, domain: others.domain })) {
		if (value !== undefined && (typeof value !== 'string' || UNSAFE.test(value)))
			throw wrong(attribute, value, 'text without whitespace, control characters, ; and ,');
	}
	if (maxAge !== undefined && !Number.isFinite(maxAge)) throw wrong('maxAge', String(maxAge), 'a number of seconds');
	const site =
		typeof sameSite === 'string' ? SAME_SITE.find((known) => known === sameSite.toLowerCase()) : sameSite ? 'strict' : 'lax';
	if (sameSite !== undefined && site === undefined) throw wrong('sameSite', sameSite, "true, false, 'strict', 'lax' or 'none'");
	return {
		...others,
		path,
		...(maxAge === undefined ? {} : { maxAge: Math.floor(maxAge) }),
		...(sameSite === undefined || site === undefined ? {} : { sameSite: site })
	};
}
