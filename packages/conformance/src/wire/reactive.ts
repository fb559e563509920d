import { expect } from 'vitest';
import { defineSuite, type Subject } from '../suite.ts';
import { answer, ask } from './ask.ts';
import { connect, type WireClient, type WireServer } from './client.ts';

const follow = async (client: WireClient, rpc: string, ...args: unknown[]): Promise<any> =>
	(await ask(client, { rpc: `wire/${rpc}`, id: `s${rpc}`, stream: true, args })).reply;

/** Publishes; gives what reached the client before the answer. */
async function tell(client: WireClient, topic: string, event: string, data: unknown): Promise<any[]> {
	return (await ask(client, { rpc: 'wire/tell', id: 'tell', args: [topic, event, data] })).before;
}

async function event(client: WireClient, topic: string): Promise<any> {
	for (;;) {
		const frame = await client.next();
		if (frame.topic === topic) return frame;
	}
}

/** What a publish leads to, black box, against a server of `wire/live.ts` and `wireHooks()`. */
export const reactiveSuite: (subject: Subject<WireServer>) => void = defineSuite<WireServer>('reactive', (law) => {
	law('computes a derived value for who comes, and anew when something is published', async (server) => {
		const [client, other] = [await connect(server), await connect(server)];
		const name = crypto.randomUUID();
		const reply = await follow(client, 'level', name);
		expect(reply).toMatchObject({ ok: true, data: 1, merge: 'set' });
		await tell(other, `wire-level:${name}`, 'changed', null);
		expect(await event(client, reply.topic)).toMatchObject({ event: 'set', data: 2 });
		await tell(other, 'wire-level:other', 'changed', null);
		expect(await client.heard()).toEqual([]);
	});

	law('brings each window of an aggregate up to date once for each event', async (server) => {
		const client = await connect(server);
		const name = crypto.randomUUID();
		expect(await follow(client, 'counts/__window/all')).toMatchObject({ topic: 'wire-counts:all', merge: 'set' });
		expect(await follow(client, 'counts/__window/day')).toMatchObject({ topic: 'wire-counts:day' });
		expect(await follow(client, 'counts')).toMatchObject({ ok: false, code: 'INVALID_REQUEST' });
		const frames = [...(await tell(client, 'wire-counted', 'add', name)), ...(await tell(client, 'wire-counted', 'add', name))];
		while (frames.length < 4) frames.push(await client.next());
		for (const topic of ['wire-counts:all', 'wire-counts:day'])
			expect(frames.filter((frame) => frame.topic === topic).map((frame) => frame.data.byName[name])).toEqual([1, 2]);
		expect(await client.heard()).toEqual([]);
	});

	law('runs an effect once for each event', async (server) => {
		const client = await connect(server);
		await follow(client, 'heard');
		const sent = [1, 2, 3].map((n) => `${crypto.randomUUID()} ${n}`);
		for (const data of sent) client.say({ rpc: 'wire/tell', id: data, args: ['wire-asked', 'asked', data] });
		const frames: any[] = [];
		for (const data of sent) frames.push(...(await answer(client, data)).before);
		while (frames.length < sent.length) frames.push(await client.next());
		expect(frames.map((frame) => [frame.topic, frame.data])).toEqual(sent.map((data) => ['wire-echoes', data]));
		expect(await client.heard()).toEqual([]);
	});

	law('has neither timers nor effects for clients', async (server) => {
		const client = await connect(server);
		for (const rpc of ['wire/yearly', 'wire/echoes'])
			for (const stream of [true, false]) expect((await ask(client, { rpc, id: 'x', stream })).reply.code).toBe('NOT_FOUND');
	});
});
