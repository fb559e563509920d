import { expect, it } from 'vitest';
import { requestHead } from '../../../test/support/http.ts';
import { encode } from './encode.ts';

const ask = async (compressCredentialed: boolean, name: string): Promise<string | null> => {
	const response = new Response('a'.repeat(5000), { headers: { 'content-type': 'text/html' } });
	const head = requestHead({
		headers: [
			['accept-encoding', 'br'],
			[name, 'x']
		]
	});
	return (await encode({ response, isPersonal: false }, head, compressCredentialed)).headers.get('content-encoding');
};

it.each(['cookie', 'authorization'])('compresses for requests with %s only where that was asked for', async (name) => {
	expect(await ask(false, name)).toBeNull();
	expect(await ask(true, name)).toBe('br');
	expect(await ask(false, 'x-other')).toBe('br');
});

it('compresses what is larger than 64 KB while others are served', async () => {
	for (const [size, waits] of [
		[65_536, false],
		[65_537, true]
	] as const) {
		const response = new Response('a'.repeat(size), { headers: { 'content-type': 'text/html' } });
		const head = requestHead({ headers: [['accept-encoding', 'gzip']] });
		let served = false;
		setImmediate(() => (served = true));
		const { headers } = await encode({ response, isPersonal: false }, head, false);
		expect([size, headers.get('content-encoding'), served]).toEqual([size, 'gzip', waits]);
	}
});
