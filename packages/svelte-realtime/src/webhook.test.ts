import type { Platform } from 'svelte-adapter-uws/contract';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTestServer, type TestServer } from 'svelte-adapter-uws/testing';
import { realtime } from './hooks.ts';
import { live } from './live.ts';
import type { WebhookMessage, WebhookOptions } from './webhook.ts';

const SECRET = 'whsec';
const sign = (body: string): string => createHmac('sha256', SECRET).update(body).digest('hex');
const published: unknown[] = [];
const errors: [string, unknown][] = [];
let server: TestServer;

beforeEach(async () => {
	published.length = 0;
	errors.length = 0;
	server = await createTestServer({
		transport: 'memory',
		handler: realtime({ onError: (path, error) => void errors.push([path, error]) })
	});
	server.platform.tap(({ topic, event, data }) => published.push([topic, event, data]));
});
afterEach(() => server.close());

const orders = (more: Partial<WebhookOptions> = {}) =>
	live.webhook('orders', {
		verify({ body, headers }) {
			const given = Buffer.from(String(headers.get('x-signature')), 'hex');
			if (given.length !== 32 || !timingSafeEqual(given, Buffer.from(sign(body), 'hex'))) throw new Error('bad signature');
		},
		transform: ({ type, order }: any) => type === 'order.created' && { event: 'created', data: order },
		...more
	});

const post = (body: string, signature: string = sign(body)) => ({
	request: new Request('http://localhost/hooks', { method: 'POST', body, headers: { 'x-signature': signature } }),
	platform: server.platform
});
const CREATED = JSON.stringify({ type: 'order.created', order: { id: 1, name: 'Käse' } });

it('publishes what was signed, and ignores what is of no interest', async () => {
	const { POST, handle } = orders();
	const response = await POST(post(CREATED));
	expect([response.status, await response.text()]).toEqual([200, 'ok']);
	expect((await POST(post('{"type":"order.seen"}'))).status).toBe(200);
	const bytes = new TextEncoder().encode(CREATED);
	const headers = new Headers({ 'x-signature': sign(CREATED) });
	// Without a platform it is that of the server of this process.
	expect(await handle({ body: bytes, headers })).toEqual({ status: 200, body: 'ok' });
	expect(await handle({ body: bytes.buffer, headers })).toEqual({ status: 200, body: 'ok' });
	expect(published).toEqual(Array.from({ length: 3 }, () => ['orders', 'created', { id: 1, name: 'Käse' }]));
});

it('refuses what is not signed, not JSON or too large, without a word to the app', async () => {
	const transform = vi.fn();
	const { POST, handle } = orders({ transform, maxSize: 100 });
	expect((await POST(post(CREATED, sign('other')))).status).toBe(400);
	expect((await POST(post(CREATED, 'zz'))).status).toBe(400);
	expect((await POST(post('{'))).status).toBe(400);
	const large = JSON.stringify('x'.repeat(100));
	expect((await POST(post(large))).status).toBe(413);
	expect((await handle({ body: large, headers: {} })).status).toBe(413);
	let pulled = 0;
	const endless = new Request('http://localhost', {
		method: 'POST',
		duplex: 'half',
		body: new ReadableStream({ pull: (to) => (pulled++, to.enqueue(new Uint8Array(60))) })
	} as RequestInit);
	expect((await POST({ request: endless, platform: server.platform })).status).toBe(413);
	expect(pulled).toBeLessThan(10);
	expect((await orders({ verify: () => false, transform }).POST(post(CREATED))).status).toBe(400);
	expect([transform.mock.calls, published, errors]).toEqual([[], [], []]);
});

it('gives what verify gives to transform, which may tell several things', async () => {
	const { POST } = orders({
		verify: () => ['a', 'b'],
		transform: async (names: string[]) => names.map((name) => ({ event: 'created', data: name }))
	});
	expect((await POST(post(CREATED))).status).toBe(200);
	expect(published).toEqual([
		['orders', 'created', 'a'],
		['orders', 'created', 'b']
	]);
});

it('answers 500 and reports when the app fails, so that the event comes again', async () => {
	for (const transform of [
		() => {
			throw new Error('db');
		},
		() => Promise.reject(new Error('db')),
		() => ({ data: 1 }) as never,
		() => [{ event: 'a' }, 'b'] as never,
		() => ({ event: 'a', data: 1n })
	])
		expect((await orders({ transform }).POST(post(CREATED))).status).toBe(500);
	expect(errors.map(([path]) => path)).toEqual(Array.from({ length: 5 }, () => 'webhook orders'));
	expect(published).toEqual([]);
});

it('publishes an event once, and one that failed again', async () => {
	let fails = true;
	const go = Promise.withResolvers<void>();
	const { POST } = orders({
		dedupe: ({ order }: any) => String(order.id),
		async transform({ order }: any) {
			if (order.id === 2) await go.promise;
			if (order.id === 1 && fails) throw new Error('db');
			return { event: 'created', data: order.id };
		}
	});
	expect((await POST(post(CREATED))).status).toBe(500);
	fails = false;
	expect(await (await POST(post(CREATED))).text()).toBe('ok');
	expect(await (await POST(post(CREATED))).text()).toBe('duplicate');
	const slow = JSON.stringify({ type: 'order.created', order: { id: 2 } });
	const first = POST(post(slow));
	await vi.waitFor(async () => expect((await POST(post(slow))).status).toBe(409));
	go.resolve();
	expect((await first).status).toBe(200);
	expect(published.map(([, , data]: any) => data)).toEqual([1, 2]);
	expect((await orders({ dedupe: () => '' }).POST(post(CREATED))).status).toBe(500);
});

it.each(['settle', 'abandon'] as const)('says what became of an event whose id the store fails to %s', async (fails) => {
	const { stores } = server.platform;
	const broken: Platform = Object.create(server.platform, {
		stores: {
			value: {
				...stores,
				idempotency: {
					claim: (key: string, ms: number) => stores.idempotency.claim(key, ms),
					[fails]: () => Promise.reject(new Error('store'))
				}
			}
		}
	});
	const transform = (): WebhookMessage => {
		if (fails === 'abandon') throw new Error('db');
		return { event: 'created', data: 1 };
	};
	const { POST } = orders({ dedupe: () => 'a', transform });
	// It was published: another service that hears of a failure would send it again.
	expect((await POST({ ...post(CREATED), platform: broken })).status).toBe(fails === 'settle' ? 200 : 500);
	expect(errors.map(([, error]) => (error as Error).message)).toEqual(fails === 'settle' ? ['store'] : ['store', 'db']);
	expect(published).toHaveLength(fails === 'settle' ? 1 : 0);
});

it('refuses what cannot work', () => {
	const verify = (): void => {};
	const transform = (): null => null;
	for (const [topic, options, message] of [
		['__rpc', { verify, transform }, 'topic'],
		['orders', undefined, 'options'],
		['orders', { transform }, 'verify'],
		['orders', { verify }, 'transform'],
		['orders', { verify, transform, dedupe: 'id' }, 'dedupe'],
		['orders', { verify, transform, maxSize: 0 }, 'maxSize'],
		['orders', { verify, transform, dedup: verify }, 'dedup']
	] as const)
		expect(() => live.webhook(topic, options as never)).toThrow(message);
});
