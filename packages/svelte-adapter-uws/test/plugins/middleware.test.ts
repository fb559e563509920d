import { expect, it } from 'vitest';
import type { Connection } from '../../src/contract/connection.ts';
import type { Platform } from '../../src/contract/platform.ts';
import { createMiddleware } from '../../src/plugins/middleware.ts';

const ws = {} as Connection;
const platform = {} as Platform;
const message = { topic: 't', event: 'e', data: 1 };

it('takes a message through all functions, which may change it and tell each other', async () => {
	const log: string[] = [];
	const chain = createMiddleware(
		async (context, next) => {
			log.push('a');
			context.locals['user'] = 'ann';
			await next();
			log.push('a again');
		},
		(context, next) => {
			log.push(context.locals['user'] as string);
			context.data = 2;
			void next();
		}
	).use((context, next) => {
		context.topic = 'other';
		return next();
	});
	const context = await chain.run(ws, message, platform);
	expect(context).toEqual({ ws, message, platform, topic: 'other', event: 'e', data: 2, locals: { user: 'ann' } });
	expect(Object.getPrototypeOf(context!.locals)).toBeNull();
	expect(log).toEqual(['a', 'ann', 'a again']);
	expect(await createMiddleware().run(ws, undefined, platform)).toMatchObject({ topic: undefined, data: undefined });
});

it('gives null when one does not let it pass', async () => {
	let reached = false;
	const chain = createMiddleware(
		(_context, next) => next(),
		() => {},
		() => (reached = true)
	);
	expect([await chain.run(ws, message, platform), reached]).toEqual([null, false]);
});

it('goes on once, however often next is called', async () => {
	let runs = 0;
	const chain = createMiddleware(
		async (_context, next) => {
			await next();
			await next();
		},
		(_context, next) => {
			runs++;
			return next();
		}
	);
	expect(await chain.run(ws, message, platform)).not.toBeNull();
	expect(runs).toBe(1);
});

it('hands on what is thrown, also when nobody waits for the rest', async () => {
	const fail = async (): Promise<never> => {
		await Promise.resolve();
		throw new Error('mine');
	};
	await expect(createMiddleware(fail).run(ws, message, platform)).rejects.toThrow('mine');
	await expect(createMiddleware((_c, next) => next(), fail).run(ws, message, platform)).rejects.toThrow('mine');
	await expect(createMiddleware((_c, next) => void next(), fail).run(ws, message, platform)).rejects.toThrow('mine');
	const caught = createMiddleware(async (_c, next) => {
		await next().catch(() => {});
	}, fail);
	expect(await caught.run(ws, message, platform)).toBeNull();
});

it('refuses what is no function', () => {
	expect(() => createMiddleware(5 as never)).toThrow('createMiddleware: got number, expected a function.');
	expect(() => createMiddleware().use(null as never)).toThrow('createMiddleware: got null, expected a function.');
});
