import { expect } from 'vitest';
import type { Law } from '../suite.ts';
import { connect, type WireServer } from './client.ts';

const answered = (data: unknown) => ({ topic: 'answer', event: 'request', data });

/** What docs/protocol/control.md promises about requests of the server. */
export function defineRequestLaws(law: Law<WireServer>): void {
	law('asks a client, and takes its reply', async (server) => {
		const client = await connect(server);
		client.run({ do: 'request', event: 'confirm', data: { op: 'delete' } });
		const request = await client.next();
		expect(Object.keys(request)).toEqual(['type', 'ref', 'event', 'data']);
		expect(request).toEqual({ type: 'request', ref: expect.anything(), event: 'confirm', data: { op: 'delete' } });
		client.say({ type: 'reply', ref: request.ref, data: { ok: true } });
		expect(await client.next()).toEqual(answered({ data: { ok: true } }));
	});

	law('sends null where there is no data, and escapes what needs it', async (server) => {
		const client = await connect(server);
		client.run({ do: 'request', event: 'say "hi"\n' });
		const { ref, event, data } = await client.next();
		expect([event, data]).toEqual(['say "hi"\n', null]);
		client.say({ type: 'reply', ref, data: null });
		expect(await client.next()).toEqual(answered({ data: null }));
	});

	law('takes an error for a refusal', async (server) => {
		const client = await connect(server);
		client.run({ do: 'request', event: 'confirm' });
		client.say({ type: 'reply', ref: (await client.next()).ref, error: 'user said no' });
		expect(await client.next()).toEqual(answered({ error: 'user said no' }));
	});

	law('matches replies that come in another order', async (server) => {
		const client = await connect(server);
		client.run({ do: 'request', event: 'a' }, { do: 'request', event: 'b' });
		const [a, b] = [await client.next(), await client.next()];
		expect([a.event, b.event]).toEqual(['a', 'b']);
		expect(a.ref).not.toBe(b.ref);
		client.say({ type: 'reply', ref: b.ref, data: 'B' });
		expect(await client.next()).toEqual(answered({ data: 'B' }));
		client.say({ type: 'reply', ref: a.ref, data: 'A' });
		expect(await client.next()).toEqual(answered({ data: 'A' }));
	});

	law('takes a reply as long as any frame', async (server) => {
		const client = await connect(server);
		client.run({ do: 'request', event: 'long' });
		const { ref } = await client.next();
		const data = 'x'.repeat(client.welcome!.maxPayloadLength - 100);
		client.say({ type: 'reply', ref, data });
		expect(await client.next()).toEqual(answered({ data }));
	});

	law('says when nobody replied in time, and ignores what comes later', async (server) => {
		const client = await connect(server);
		client.run({ do: 'request', event: 'confirm', timeoutMs: 20 });
		const { ref } = await client.next();
		expect(await client.next()).toEqual(answered({ error: 'request timed out' }));
		client.say({ type: 'reply', ref, data: 1 });
		expect(await client.heard()).toEqual([]);
	});

	law('ignores a reply to no request, a second one, and one of another connection', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		client.say({ type: 'reply', ref: 999, data: 1 }, `{"type":"reply","ref":1,"data":"${'x'.repeat(9_000)}"}`);
		expect(await client.heard()).toEqual([]);
		client.run({ do: 'request', event: 'confirm' });
		const { ref } = await client.next();
		other.say({ type: 'reply', ref, data: 'forged' });
		expect(await other.heard()).toEqual([]);
		expect(await client.heard()).toEqual([]);
		client.say({ type: 'reply', ref, data: 1 }, { type: 'reply', ref, data: 2 });
		expect(await client.next()).toEqual(answered({ data: 1 }));
		expect(await client.heard()).toEqual([]);
	});

	law('takes the reply that a hook waits for, while other frames wait for the hook', async (server) => {
		const client = await connect(server);
		client.say({ type: 'subscribe', topic: 'confirm:a', ref: 1 }, 'after');
		const { ref, data } = await client.next();
		expect(data).toBe('confirm:a');
		client.say({ type: 'reply', ref, data: false });
		expect(await client.heard()).toEqual([
			{ type: 'subscribe-denied', topic: 'confirm:a', ref: 1, reason: 'FORBIDDEN' },
			{ echo: 'after' }
		]);
	});
}
