import type { Law } from '../suite.ts';

/** What answers the requests that no file does. */
export type App = (
	request: Request,
	client: { getClientAddress(): string; readonly platform: { readonly requestId: string } }
) => Response | Promise<Response>;

/** A server that serves `SITE`, and an app that each test brings along. */
export interface HttpFixture {
	readonly port: number;
	/** Answers with this app from now on; the first one answers 200 with `app`. */
	serve(app: App): void;
	/**
	 * Serves these client files in place of `SITE` from now on, read from a folder of their own; a number makes a file of so many
	 * zeros that takes no room. Resolves with that folder.
	 */
	publish(files: Readonly<Record<string, string | Uint8Array | number>>): Promise<string>;
	/** What was logged as an error. */
	errors(): readonly string[];
}

/** Adds one law of HTTP. */
export type HttpLaw = Law<HttpFixture>;

/** Bytes that no encoding shrinks and no two positions share: byte n is a mixture of n's own. */
export function pattern(size: number): Uint8Array {
	return Uint8Array.from({ length: size }, (_, n) => (n ^ (n >> 8) ^ (n >> 16)) & 255);
}

const MB = 1_048_576;

/** The site that every subject serves, with the options that belong to it. */
export const SITE = {
	client: {
		'hello.txt': 'Hello, world!',
		'mit leer.txt': 'space',
		'app.js': 'console.log("app, uncompressed");',
		'app.js.br': 'brotli',
		'app.js.gz': 'gzip gzip',
		'_app/immutable/x.js': 'export {}',
		'large.dat': pattern(6 * MB),
		'huge.dat': pattern(9 * MB)
	} as Readonly<Record<string, string | Uint8Array>>,
	prerendered: { 'about.html': '<p>about</p>', 'docs/index.html': '<p>docs</p>' } as Readonly<
		Record<string, string | Uint8Array>
	>,
	base: '',
	appDir: '_app',
	/** `huge.dat` alone is larger. */
	memoryCap: 8 * MB,
	bodyLimit: 32 * MB,
	healthCheckPath: '/healthz'
} as const;
