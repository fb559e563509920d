import { IN_TIME } from 'conformance/fuzz/in-time';
import * as fc from 'fast-check';
import { createClient } from 'svelte-adapter-uws/client';
import { createTestServer } from 'svelte-adapter-uws/testing';
import { expect, it, vi } from 'vitest';
import { createClock } from '../src/client/clock.ts';
import { createLiveClient } from '../src/client/live-client.ts';
import { Stream } from '../src/client/stream/stream.ts';
import { live } from '../src/define/live.ts';
import { pipe } from '../src/define/pipe.ts';
import { standard } from '../src/features/standard.ts';
import { Runtime } from '../src/runtime/runtime.ts';

interface Row {
	readonly id: number;
	readonly n: number;
}

/** A server over real sockets, whose table changes and says so. */
async function serve() {
	const rows = new Map<number, Row>();
	const state: { runtime?: Runtime; loads: number; logLoads: number } = { loads: 0, logLoads: 0 };
	const load = (): Row[] => (state.loads++, [...rows.values()]);
	const definitions = {
		'm/log': live.stream('log', () => (state.logLoads++, []), { merge: 'latest', max: 1_000, replay: true }),
		'm/plain': live.stream('rows', load),
		'm/kept': live.stream('rows', load, { replay: true }),
		'm/shaped': live.stream('rows', load, { transform: ({ id, n }) => ({ id, n, shaped: true }) }),
		'm/even': pipe(
			live.stream('rows', load, { replay: true }),
			pipe.filter((_, row) => row.n % 2 === 0),
			pipe.sort('n')
		)
	};
	const server = await createTestServer({
		handler: {
			init({ platform }) {
				state.runtime = new Runtime({ platform, features: standard });
				for (const [path, definition] of Object.entries(definitions)) state.runtime.install(path, definition);
			},
			message: (ws, context) => void state.runtime!.receive(ws, context, context.text),
			unsubscribe: (ws, topic) => state.runtime!.left(ws, topic)
		}
	});
	return {
		server,
		state,
		rows,
		change(id: number, n: number | undefined): void {
			const known = rows.has(id);
			if (n === undefined) rows.delete(id);
			else rows.set(id, { id, n });
			if (n === undefined) server.platform.publish('rows', 'deleted', { id });
			else server.platform.publish('rows', known ? 'updated' : 'created', { id, n });
		}
	};
}

function follow<Item = Row>(url: string, path: string) {
	const client = createClient({ url, reconnectInterval: 10, maxReconnectInterval: 20 });
	const page = createLiveClient(client, {
		clock: createClock(),
		random: Math.random,
		settings: () => ({ timeout: 30_000, resumeGraceMs: 60_000 })
	});
	const stream = new Stream<Item[]>(() => page, path, [], {});
	const seen: { value: Item[] | undefined } = { value: undefined };
	stream.subscribe((value) => void (seen.value = value));
	return { client, stream, seen };
}

it('ends with the value of the server, whatever was lost in between', async () => {
	const step = fc.oneof(
		{ weight: 8, arbitrary: fc.record({ id: fc.integer({ min: 1, max: 8 }), n: fc.option(fc.nat(50), { nil: undefined }) }) },
		{ weight: 1, arbitrary: fc.constant('cut' as const) },
		{ weight: 1, arbitrary: fc.constant('breathe' as const) }
	);
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
			const here = await serve();
			const followers = ['plain', 'kept', 'shaped', 'even'].map((name) => ({ name, ...follow(here.server.wsUrl, `m/${name}`) }));
			for (const one of steps) {
				if (one === 'cut') for (const ws of here.server.wsConnections) ws.close(4000);
				else if (one === 'breathe') await new Promise((resolve) => setTimeout(resolve, 15));
				else here.change(one.id, one.n);
			}
			const byId = (list: readonly Row[] | undefined): Row[] | undefined => list?.toSorted((a, b) => a.id - b.id);
			const all = byId([...here.rows.values()])!;
			await vi.waitFor(
				() => {
					for (const { name, stream, seen } of followers) {
						expect(stream.status.value).toBe('connected');
						const expected = name === 'even' ? all.filter(({ n }) => n % 2 === 0) : all;
						expect([name, byId(seen.value)]).toEqual([
							name,
							name === 'shaped' ? expected.map((row) => ({ ...row, shaped: true })) : expected
						]);
						if (name === 'even')
							expect(seen.value!.map(({ n }) => n)).toEqual(expected.map(({ n }) => n).toSorted((a, b) => a - b));
					}
				},
				{ interval: 5 }
			);
			for (const { client } of followers) client.close();
			await here.server.close();
		}),
		{ numRuns: 15, ...IN_TIME }
	);
}, 60_000);

it('comes back to a stream that is kept without loading it again', async () => {
	const here = await serve();
	const { client, stream, seen } = follow(here.server.wsUrl, 'm/kept');
	await vi.waitFor(() => expect(stream.status.value).toBe('connected'));
	here.change(1, 1);
	await vi.waitFor(() => expect(seen.value).toEqual([{ id: 1, n: 1 }]));
	for (const ws of here.server.wsConnections) ws.close(4000);
	here.change(2, 2);
	here.change(1, 3);
	await vi.waitFor(() =>
		expect(seen.value).toEqual([
			{ id: 1, n: 3 },
			{ id: 2, n: 2 }
		])
	);
	expect(here.state.loads).toBe(1);
	client.close();
	await here.server.close();
});

it.each([
	{ scenario: 'drop-outbound', dropRate: 0.3 },
	{ scenario: 'duplicate-outbound', duplicateRate: 0.3 },
	{ scenario: 'ipc-reorder', maxJitterMs: 20 }
] as const)('a kept stream takes each event once and in order over $scenario, and is not loaded again for it', async (chaos) => {
	const here = await serve();
	const { client, stream, seen } = follow<number>(here.server.wsUrl, 'm/log');
	await vi.waitFor(() => expect(stream.status.value).toBe('connected'));
	const said: number[] = [];
	const say = (): void => {
		said.push(said.length);
		here.server.platform.publish('log', 'said', said.at(-1));
	};
	for (let round = 0; round < 5; round++) {
		here.server.platform.__chaos(chaos);
		for (let n = 0; n < 20; n++) {
			say();
			if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
		}
		here.server.platform.__chaos(null);
		// A gap shows by what comes after it.
		say();
		await vi.waitFor(() => expect(seen.value).toEqual(said));
	}
	expect(here.state.logLoads).toBe(1);
	client.close();
	await here.server.close();
});
