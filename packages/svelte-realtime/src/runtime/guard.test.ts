import { expect, it } from 'vitest';
import { createRuntime } from '../../test/support.ts';
import { guard, live, type GuardPart } from '../define/live.ts';
import { LiveError } from '../shared/error.ts';

/** What a client hears behind a guard. */
async function ask(user: string, ...parts: GuardPart[]): Promise<any> {
	await using server = await createRuntime({ 'm/call': live(() => 'in') }, guard(...parts));
	const client = await server.connect(user);
	const reply = await client.ask({ rpc: 'm/call', id: '1' });
	expect(server.errors).toEqual([]);
	return reply.data ?? reply.code;
}

it.each([undefined, null, 0, '', true, Promise.resolve(undefined)])('lets pass where a part gives %j', async (value) => {
	expect(await ask('ida', () => value)).toBe('in');
});

it.each([
	['at once', (): boolean => false],
	['later', async (): Promise<boolean> => Promise.resolve(false)]
])('denies where a part gives exactly false, %s', async (_, part) => {
	expect(await ask('ida', part)).toBe('FORBIDDEN');
	expect(await ask('', part)).toBe('UNAUTHENTICATED');
});

it('tells who is denied only whether signing in could help, unless a LiveError says more', async () => {
	const fail = (): never => {
		throw new Error('select * from users failed');
	};
	expect(await ask('ida', fail)).toBe('FORBIDDEN');
	expect(await ask('', fail)).toBe('UNAUTHENTICATED');
	expect(
		await ask('ida', () => {
			throw new LiveError('NO_SCOPE', 'billing scope needed');
		})
	).toBe('NO_SCOPE');
});

it('asks for a user with { authenticated: true }, before the parts behind it', async () => {
	const late: GuardPart = () => {
		throw new LiveError('TOO_LATE');
	};
	expect(await ask('', { authenticated: true }, late)).toBe('UNAUTHENTICATED');
	expect(await ask('ida', { authenticated: true }, late)).toBe('TOO_LATE');
	expect(await ask('', { authenticated: false }, () => {})).toBe('in');
	expect(() => guard({ authenticated: false })).toThrow('at least one function');
	expect(() => guard('admin' as never)).toThrow('guard: part is "admin"');
});
