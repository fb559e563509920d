import { describe, expect, it } from 'vitest';
import { isWholeResponse, Response as AppResponse, takeBytes } from './app-response.ts';

const Native = globalThis.Response;
const form = new FormData();
form.set('name', 'value');

const BODIES: Readonly<Record<string, () => ConstructorParameters<typeof Response>[0]>> = {
	'no body': () => undefined,
	null: () => null,
	'an empty text': () => '',
	'a text': () => 'grüße, 世界 \ud800',
	'bytes of a longer buffer': () => new Uint8Array([0, 1, 2, 3, 255]).subarray(1, 4),
	'a Buffer': () => Buffer.from('from a pool'),
	'an ArrayBuffer': () => new Uint8Array([1, 2]).buffer,
	'a Blob': () => new Blob(['{"a":1}'], { type: 'application/json' }),
	parameters: () => new URLSearchParams({ a: 'b c' }),
	'a form': () => form,
	'a stream': () => new Blob(['streamed']).stream(),
	'something else': () => 17 as never
};
const INITS: Readonly<Record<string, ResponseInit | undefined>> = {
	nothing: undefined,
	'a status and headers': { status: 418, statusText: 'Teapot', headers: { 'content-type': 'text/html', 'x-a': '1' } },
	'a status without a body': { status: 204 },
	'no status': { status: 99 },
	'an odd header': { headers: { 'content-length': '3', 'set-cookie': 'a=b' } }
};

async function outcome(run: () => unknown): Promise<unknown> {
	try {
		return await run();
	} catch (error) {
		return [(error as Error).name, (error as Error).message.replace(/formdata-undici-\d+/g, 'boundary')];
	}
}

const plain = (text: unknown): unknown => String(text).replace(/formdata-undici-\d+/g, 'boundary');
const READ: Readonly<Record<string, (response: Response) => unknown>> = {
	text: async (response) => plain(await response.text()),
	json: (response) => response.json(),
	arrayBuffer: async (response) => plain(Buffer.from(await response.arrayBuffer())),
	bytes: async (response) => plain(Buffer.from(await response.bytes())),
	blob: async (response) => {
		const blob = await response.blob();
		return [plain(blob.type), plain(await blob.text())];
	},
	formData: async (response) => [...(await response.formData())],
	'as a stream': async (response) => (response.body ? plain(await new Native(response.body).text()) : null),
	twice: async (response) => {
		await response.text();
		return response.text();
	},
	'and says whether': async (response) => {
		const before = [response.bodyUsed, response.body?.locked];
		await response.text();
		return [before, response.bodyUsed, response.body?.locked];
	},
	'of a clone': async (response) => {
		const copy = response.clone();
		return [plain(await copy.text()), copy.status, copy.statusText, plain([...copy.headers]), plain(await response.text())];
	},
	'of a clone of what was looked at': async (response) => {
		void response.body;
		const copy = response.clone();
		return [plain(await response.text()), plain(await copy.text())];
	},
	'of what was read': async (response) => {
		await response.text();
		return response.clone();
	},
	'of a copy': async (response) => plain(await new AppResponse(response.body, response).text()),
	head: ({ status, statusText, ok, type, url, redirected, headers }) => [
		...[status, statusText, ok, type, url, redirected],
		plain([...headers])
	]
};

describe.each(Object.keys(BODIES))('a response of %s', (name) => {
	it.each(Object.keys(INITS))('and %s is what the platform makes of it', async (kind) => {
		for (const [how, read] of Object.entries(READ)) {
			const expected = await outcome(() => read(new Native(BODIES[name]!(), INITS[kind])));
			expect([how, await outcome(() => read(new AppResponse(BODIES[name]!(), INITS[kind])))]).toEqual([how, expected]);
		}
	});
});

it('is a response to everybody', () => {
	const own = new AppResponse('text');
	expect(own).toBeInstanceOf(Native);
	expect(own).toBeInstanceOf(AppResponse);
	expect(new Native('text')).toBeInstanceOf(AppResponse);
	expect(AppResponse.json({})).toBeInstanceOf(AppResponse);
	expect({}).not.toBeInstanceOf(AppResponse);
	expect([AppResponse.name, Object.prototype.toString.call(own)]).toEqual(['Response', '[object Response]']);
});

it('can be a base, whose instances are no others', async () => {
	class Page extends AppResponse {}
	const page = new Page('text');
	expect(page).toBeInstanceOf(Page);
	expect(page).toBeInstanceOf(AppResponse);
	expect(new AppResponse('text')).not.toBeInstanceOf(Page);
	expect(await page.text()).toBe('text');
});

it('gives its bytes away once, as they were when it was made', async () => {
	const bytes = new Uint8Array([1, 2, 3]);
	const response = new AppResponse(bytes);
	bytes.fill(0);
	expect(isWholeResponse(response)).toBe(true);
	expect(takeBytes(response)).toEqual(new Uint8Array([1, 2, 3]));
	expect([isWholeResponse(response), takeBytes(response)]).toEqual([false, undefined]);
	expect(Buffer.from(takeBytes(new AppResponse('ü'))!).toString()).toBe('ü');
});

it('has nothing to give that was, or is, a stream', async () => {
	const looked = new AppResponse('text');
	void looked.body;
	const read = new AppResponse('text');
	await read.text();
	for (const response of [looked, read, new AppResponse(new Blob(['a']).stream()), new AppResponse(), new Native('text')])
		expect([isWholeResponse(response), takeBytes(response)]).toEqual([false, undefined]);
});
