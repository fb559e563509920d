import { expect, it } from 'vitest';
import { contentDisposition, contentType } from './content-type.ts';

const KNOWN =
	'html htm xhtml css js mjs cjs json map jsonld webmanifest xml txt md csv ics vtt toml yaml yml svg svgz png jpg jpeg gif webp avif apng bmp ico tif tiff heic heif ' +
	'woff woff2 ttf otf ttc eot mp3 aac wav weba oga ogg opus mid midi mp4 mpeg webm ogv 3gp 3g2 ts wasm pdf rtf epub zip gz jar glb gltf 3mf';

it.each(KNOWN.split(' '))('knows the type of .%s', (extension) =>
	expect(contentType(`/x.${extension}`)).not.toBe('application/octet-stream')
);

it.each([
	['/a.html', 'text/html; charset=utf-8'],
	['/a.MJS', 'text/javascript; charset=utf-8'],
	['/a.json', 'application/json; charset=utf-8'],
	['/a.svg', 'image/svg+xml; charset=utf-8'],
	['/a.ts', 'video/mp2t'],
	['/a.wasm', 'application/wasm'],
	['/a.png', 'image/png'],
	['/a.bin', 'application/octet-stream'],
	['/a.unheard', 'application/octet-stream'],
	['/noextension', 'application/octet-stream'],
	['/x.constructor', 'application/octet-stream'],
	['/x.__proto__', 'application/octet-stream']
])('gives %s as %s', (name, type) => expect(contentType(name)).toBe(type));

it('lets browsers save what they cannot show, under a name that stays inside its quotes', () => {
	expect(contentDisposition('a.ZIP')).toBe('attachment; filename="a.ZIP"');
	expect(contentDisposition('a"b\\c.zip')).toBe('attachment; filename="abc.zip"');
	expect(contentDisposition('größe\n.zip')).toBe('attachment; filename="gr__e_.zip"; filename*=UTF-8\'\'gr%C3%B6%C3%9Fe%0A.zip');
	expect(contentDisposition('a.zip.png')).toBeUndefined();
});
