import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestHead } from '../../../test/support/http.ts';
import type { HeaderList } from '../../contract/http.ts';
import { planStatic } from './plan.ts';
import { toStaticFile, type StaticFile, type StaticTable, type Redirect } from './table.ts';

const content = (text: string) => ({ size: text.length, bytes: new TextEncoder().encode(text), path: '/disk', modified: 0 });

function file(text: string, encoded: { br?: string; gzip?: string } = {}): StaticFile {
	return toStaticFile({
		type: 'text/plain',
		disposition: undefined,
		immutable: false,
		tag: 'h',
		identity: content(text),
		br: encoded.br === undefined ? undefined : content(encoded.br),
		gzip: encoded.gzip === undefined ? undefined : content(encoded.gzip)
	});
}

const table: StaticTable = new Map<string, StaticFile | Redirect>([
	['/a.txt', file('0123456789', { br: 'B', gzip: 'GG' })],
	['/plain.txt', file('plain')],
	['/mit leer/größe.txt', file('decoded')],
	[
		'/on/disk.bin',
		toStaticFile({
			type: 'x/y',
			disposition: undefined,
			immutable: true,
			tag: 'd',
			identity: { size: 100, bytes: undefined, path: '/disk', modified: 0 },
			br: undefined,
			gzip: undefined
		})
	],
	['/old', { location: '/new/' }]
]);

function ask(path: string, headers: Record<string, string> = {}, method = 'GET', query = '') {
	const plan = planStatic(table, requestHead({ method, path, query, headers: [['host', 'a'], ...Object.entries(headers)] }));
	return (
		plan && {
			...plan,
			text: plan.body && new TextDecoder().decode(plan.body),
			head: Object.fromEntries(plan.headers as HeaderList)
		}
	);
}

it('answers with the whole file, and the same object each time', () => {
	expect(ask('/plain.txt')).toMatchObject({
		status: 200,
		text: 'plain',
		length: 5,
		head: {
			etag: '"h"',
			'cache-control': 'no-cache',
			vary: 'Accept-Encoding',
			'accept-ranges': 'bytes',
			'x-content-type-options': 'nosniff'
		}
	});
	const head = requestHead({ path: '/plain.txt' });
	expect(planStatic(table, head)).toBe(planStatic(table, head));
});

it('knows no other paths', () => {
	for (const path of [
		'/',
		'/b.txt',
		'/plain.txt/',
		'/PLAIN.txt',
		'//plain.txt',
		'/x/../plain.txt',
		'/constructor',
		'/on%2fdisk.bin'
	])
		expect(ask(path)).toBeUndefined();
});

it('decodes the path once', () => {
	expect(ask('/mit%20leer/gr%C3%B6%C3%9Fe.txt')?.text).toBe('decoded');
	expect(ask('/%70lain.txt')?.text).toBe('plain');
	expect(ask('/%2570lain.txt')).toBeUndefined();
});

describe('encodings', () => {
	it('prefers br, then gzip, each with a tag of its own', () => {
		expect(ask('/a.txt', { 'accept-encoding': 'gzip, br' })).toMatchObject({
			text: 'B',
			length: 1,
			head: { 'content-encoding': 'br', etag: '"h-br"' }
		});
		expect(ask('/a.txt', { 'accept-encoding': 'gzip, br;q=0' })).toMatchObject({
			text: 'GG',
			head: { 'content-encoding': 'gzip', etag: '"h-gzip"' }
		});
		expect(ask('/a.txt', { 'accept-encoding': 'deflate' })).toMatchObject({ text: '0123456789', head: { etag: '"h"' } });
		expect(ask('/a.txt')?.head).not.toHaveProperty('content-encoding');
	});
});

describe('If-None-Match', () => {
	it('answers 304 with the headers that caches update', () => {
		const plan = ask('/a.txt', { 'if-none-match': '"x", W/"h-br"', 'accept-encoding': 'br' });
		expect(plan).toMatchObject({
			status: 304,
			length: 0,
			head: { etag: '"h-br"', 'cache-control': 'no-cache', vary: 'Accept-Encoding' }
		});
		expect(plan?.body).toBeUndefined();
		expect(plan?.head).not.toHaveProperty('content-type');
	});

	it('does not take one encoding for another', () => {
		expect(ask('/a.txt', { 'if-none-match': '"h"', 'accept-encoding': 'br' })?.status).toBe(200);
	});

	it('goes before Range', () => {
		expect(ask('/a.txt', { 'if-none-match': '"h"', range: 'bytes=0-1' })?.status).toBe(304);
	});
});

describe('Range', () => {
	it('answers with unencoded bytes', () => {
		expect(ask('/a.txt', { range: 'bytes=2-4', 'accept-encoding': 'br' })).toMatchObject({
			status: 206,
			text: '234',
			length: 3,
			head: { 'content-range': 'bytes 2-4/10', etag: '"h"', 'content-type': 'text/plain' }
		});
		expect(ask('/a.txt', { range: 'bytes=2-4' })?.head).not.toHaveProperty('content-encoding');
	});

	it('answers 416 behind the end', () => {
		expect(ask('/a.txt', { range: 'bytes=10-' })).toMatchObject({
			status: 416,
			length: 0,
			head: { 'content-range': 'bytes */10' }
		});
	});

	it('needs If-Range to be the tag', () => {
		expect(ask('/a.txt', { range: 'bytes=0-0', 'if-range': '"h"' })?.status).toBe(206);
		expect(ask('/a.txt', { range: 'bytes=0-0', 'if-range': '"old"' })).toMatchObject({ status: 200, text: '0123456789' });
	});

	it('is no business of HEAD', () => {
		expect(ask('/a.txt', { range: 'bytes=0-0' }, 'HEAD')).toMatchObject({ status: 200, length: 10 });
	});

	it('reaches into files on disk', () => {
		expect(ask('/on/disk.bin', { range: 'bytes=10-19' })).toMatchObject({
			status: 206,
			length: 10,
			file: { content: { path: '/disk' }, start: 10 }
		});
		expect(ask('/on/disk.bin')).toMatchObject({
			status: 200,
			length: 100,
			file: { content: { path: '/disk' }, start: 0 },
			head: { 'cache-control': 'public, max-age=31536000, immutable' }
		});
	});
});

it('redirects with the query', () => {
	expect(ask('/old', {}, 'GET', 'a=1&b')).toMatchObject({ status: 308, head: { location: '/new/?a=1&b' } });
	expect(ask('/old')).toMatchObject({ status: 308, length: 0, head: { location: '/new/' } });
});

it('serves, for all paths, nothing but what is in the table', () => {
	const piece = fc.constantFrom(
		'..',
		'.',
		'%2e%2e',
		'%2f',
		'%5c',
		'\\',
		'/',
		'a.txt',
		'on',
		'disk.bin',
		'%6fn',
		'mit%20leer',
		'%252e',
		'~'
	);
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
			const path = `/${pieces.join('')}`;
			const plan = planStatic(table, requestHead({ path }));
			if (plan) expect([...table.keys()]).toContain(decodeURIComponent(path));
		})
	);
});
