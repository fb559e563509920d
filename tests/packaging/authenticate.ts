import { expect } from 'vitest';

/** Goes through the answers of the app's `authenticate` hook, wherever it runs. */
export async function expectAuthenticate(origin: string): Promise<void> {
	const post = (query: string, init: RequestInit = {}): Promise<Response> =>
		fetch(`${origin}/__ws/auth${query}`, { method: 'POST', headers: { origin }, ...init });

	const fresh = await post('', { headers: { origin, cookie: 'session=old' }, body: 'é' });
	expect([fresh.status, fresh.headers.getSetCookie()]).toEqual([204, ['session=old-%C3%A9; Path=/; HttpOnly; SameSite=Lax']]);
	const told = await post('?tell');
	expect(told.headers.getSetCookie()).toEqual(['session=new-; Path=/; HttpOnly; SameSite=Lax']);
	expect(await told.json()).toEqual({
		address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
		url: `${origin}/__ws/auth?tell`,
		connections: expect.any(Number)
	});

	const statusOf = async (response: Promise<Response>): Promise<number> => (await response).status;
	expect(await statusOf(post('?refuse'))).toBe(401);
	expect(await statusOf(post('?fail'))).toBe(500);
	expect(await statusOf(post('', { headers: { origin: 'https://evil.example' } }))).toBe(403);
	expect(await statusOf(post('', { method: 'GET' }))).toBe(405);
	expect(await statusOf(post('', { body: 'x'.repeat(65_537) }))).toBe(413);
}
