import { mimes } from 'mrmime';

/** What the table of the library lacks, or says in an outdated way. */
const TYPES: ReadonlyMap<string, string> = new Map([
	...Object.entries(mimes),
	['3mf', 'model/3mf'],
	['7z', 'application/x-7z-compressed'],
	['aac', 'audio/aac'],
	['avif', 'image/avif'],
	['bin', 'application/octet-stream'],
	['cjs', 'text/javascript'],
	['eot', 'application/vnd.ms-fontobject'],
	['epub', 'application/epub+zip'],
	['glb', 'model/gltf-binary'],
	['gltf', 'model/gltf+json'],
	['gz', 'application/gzip'],
	['ico', 'image/x-icon'],
	['jar', 'application/java-archive'],
	['js', 'text/javascript'],
	['mjs', 'text/javascript'],
	['ogv', 'video/ogg'],
	['opus', 'audio/ogg'],
	['otf', 'font/otf'],
	['toml', 'application/toml'],
	['ts', 'video/mp2t'],
	['wav', 'audio/wav'],
	['webmanifest', 'application/manifest+json']
]);

/** Types outside `text/` that are text all the same. */
const TEXT: ReadonlySet<string> = new Set([
	'application/json',
	'application/ld+json',
	'application/manifest+json',
	'application/xhtml+xml',
	'application/xml',
	'application/toml',
	'image/svg+xml'
]);

const DOWNLOAD = /\.(?:zip|tar|tgz|bz2|xz|7z|rar|exe|msi|dmg|pkg|deb|rpm|apk|ipa|iso|img|bin)$/i;

/** The `Content-Type` of a file by its name, with `charset=utf-8` for text; `application/octet-stream` when unknown. */
export function contentType(name: string): string {
	const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
	const type = TYPES.get(extension) ?? 'application/octet-stream';
	return type.startsWith('text/') || TEXT.has(type) ? `${type}; charset=utf-8` : type;
}

/** The `Content-Disposition` of a file that browsers should save rather than show; `undefined` for all others. */
export function contentDisposition(name: string): string | undefined {
	if (!DOWNLOAD.test(name)) return undefined;
	const plain = name.replace(/["\\]/g, '');
	// Only what is not ASCII needs the second form, which carries UTF-8.
	const ascii = plain.replace(/[^ -~]/g, '_');
	return `attachment; filename="${ascii}"${ascii === plain ? '' : `; filename*=UTF-8''${encodeURIComponent(plain).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`}`;
}
