import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type Client } from './client.ts';
import type { Running } from 'conformance/running';
import { builtProject, deploy, originOf, start } from './project.ts';

let directory: string;
beforeAll(() => {
	directory = deploy(builtProject('kit3'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const serve = async (env: Readonly<Record<string, string>>, from = directory): Promise<Running> =>
	// Not any port: workers that are started again come back to it.
	start({ PORT: String(await freePort()), APP_SECRET: 'at run time', CLUSTER_WORKERS: '2', ...env }, from);
const portOf = async (server: Running): Promise<number> => Number(new URL(await originOf(server)).port);
const pidsIn = (server: Running, what: string): number[] =>
	[...server.output.matchAll(new RegExp(`${what} in (\\d+)`, 'g'))].map(([, pid]) => Number(pid));

interface Visitor extends Client {
	readonly pid: number;
}

async function visit(port: number): Promise<Visitor> {
	const client = await connect(`ws://127.0.0.1:${port}/live`, `http://127.0.0.1:${port}`);
	client.send('who');
	return Object.assign(client, { pid: Number((await client.text()).replace('process ', '')) });
}

/** A client on each of so many workers; the kernel decides who gets a connection, so it may take several. */
async function onEach(port: number, workers: number): Promise<Visitor[]> {
	const found = new Map<number, Visitor>();
	for (let attempt = 0; found.size < workers; attempt++) {
		if (attempt === 200) throw new Error(`Of 200 connections all went to ${[...found.keys()].join(' and ')}.`);
		const visitor = await visit(port);
		if (found.has(visitor.pid)) await visitor[Symbol.asyncDispose]();
		else found.set(visitor.pid, visitor);
	}
	return [...found.values()];
}

/** Nobody else is there any more, whoever left just before. */
async function haveTheServerToThemselves(visitors: readonly Visitor[]): Promise<void> {
	for (const visitor of visitors) {
		await vi.waitFor(async () => {
			visitor.send('how many');
			expect(await visitor.text()).toBe(`here 1, everywhere ${visitors.length}`);
		});
	}
}

/** Who is in the hall, as a client sees it. */
class Hall {
	readonly #client: Client;
	#ids = new Set<string>();

	constructor(client: Client) {
		this.#client = client;
	}

	/** Reads on until these are there, and nobody else. */
	async shows(...ids: readonly string[]): Promise<void> {
		while (this.#ids.symmetricDifference(new Set(ids)).size > 0) {
			const { joins, leaves, ...list } = (await this.#client.event('__presence:hall')) as Record<string, object>;
			if (!joins && !leaves) this.#ids = new Set(Object.keys(list));
			for (const id of Object.keys(joins ?? {})) this.#ids.add(id);
			for (const id of Object.keys(leaves ?? {})) this.#ids.delete(id);
		}
	}
}

const publish = (port: number, text: string): Promise<Response> =>
	fetch(`http://127.0.0.1:${port}/publish`, {
		method: 'POST',
		body: text,
		// A connection of its own each time, so that any worker may be the one that publishes.
		headers: { origin: `http://127.0.0.1:${port}`, connection: 'close' }
	});

describe.each([
	{ TRANSPORT: 'uws', CLUSTER_MODE: 'reuseport' },
	{ TRANSPORT: 'node', CLUSTER_MODE: 'reuseport' },
	{ TRANSPORT: 'node', CLUSTER_MODE: 'acceptor' }
])('two workers, $CLUSTER_MODE on $TRANSPORT', (env) => {
	let server: Running;
	let port: number;
	beforeAll(async () => {
		server = await serve({ ...env, WORKER_RELAY_HMAC_SECRET: 'the same in both workers' });
		port = await portOf(server);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	it('runs init in each, and says once where the server is', () => {
		expect(new Set(pidsIn(server, 'init')).size).toBe(2);
		expect(server.output.match(/Listening on/g)).toHaveLength(1);
		expect(server.output).toContain(`(2 workers, ${env.CLUSTER_MODE})`);
		expect(server.output.match(/WebSocket endpoint registered at \/live/g)).toHaveLength(1);
	});

	it('brings what any worker publishes to the clients of each, once', async () => {
		const visitors = await onEach(port, 2);
		for (const visitor of visitors) await visitor.subscribe('news');
		const texts = Array.from({ length: 10 }, (_, n) => `text ${n}`);
		for (const text of texts) expect((await publish(port, text)).status).toBeLessThan(300);
		for (const visitor of visitors) {
			const heard: unknown[] = [];
			for (const _ of texts) heard.push(((await visitor.event('news')) as { text: string }).text);
			// Between two workers that publish, there is no order.
			expect(heard.toSorted()).toEqual(texts);
			visitor.send('done');
			expect(await visitor.text()).toBe('echo done');
			expect(visitor.unread('news')).toBe(0);
		}
		for (const visitor of visitors) await visitor[Symbol.asyncDispose]();
	});

	it('shows who is there on every worker', async () => {
		const [ann, bob] = (await onEach(port, 2)) as [Visitor, Visitor];
		const [hallOfAnn, hallOfBob] = [new Hall(ann), new Hall(bob)];
		ann.send('be ann');
		await hallOfAnn.shows('ann');
		bob.send('be bob');
		await hallOfBob.shows('ann', 'bob');
		await hallOfAnn.shows('ann', 'bob');
		bob.send('go');
		await hallOfAnn.shows('ann');
		ann.send('go');
		for (const visitor of [ann, bob]) await visitor[Symbol.asyncDispose]();
	});

	it('has one group on both workers: one limit, one list, and what goes to a role alone', async () => {
		const [ann, bob] = (await onEach(port, 2)) as [Visitor, Visitor];
		const eve = await visit(port);
		const ask = async (client: Visitor, what: string): Promise<string> => (client.send(what), client.text());
		expect(await ask(ann, 'board as admin')).toBe('aboard true');
		expect(await ask(bob, 'board as member')).toBe('aboard true');
		expect(await ask(eve, 'board as member')).toBe('aboard false');
		const [admin, member] = (await bob.event('__group:crew')) as { id: string; role: string }[];
		expect([admin?.role, member?.role]).toEqual(['admin', 'member']);
		expect(await ann.event('__group:crew')).toEqual([admin]);
		expect(await ann.event('__group:crew')).toEqual({ ...member, count: 2 });
		bob.send('tell admins of the storm');
		bob.send('tell all');
		expect([await ann.event('__group:crew'), await ann.event('__group:crew')]).toEqual(['of the storm', 'all']);
		expect([await bob.event('__group:crew'), bob.unread('__group:crew')]).toEqual(['all', 0]);
		expect(await ask(ann, 'go ashore')).toBe('ashore true');
		expect(await bob.event('__group:crew')).toEqual({ ...admin, count: 1 });
		expect(await ask(eve, 'board as viewer')).toBe('aboard true');
		for (const visitor of [bob, eve]) expect(await ask(visitor, 'go ashore')).toBe('ashore true');
		for (const visitor of [ann, bob, eve]) await visitor[Symbol.asyncDispose]();
	});

	it('counts connections here and everywhere', async () => {
		const visitors = await onEach(port, 2);
		await haveTheServerToThemselves(visitors);
		for (const visitor of visitors) await visitor[Symbol.asyncDispose]();
	});

	it('revokes the connections of every worker, and says how many', async () => {
		const visitors = await onEach(port, 2);
		await haveTheServerToThemselves(visitors);
		visitors[0]!.send('revoke');
		for (const visitor of visitors) expect(await visitor.closed).toMatchObject({ code: 4401, reason: 'Session revoked' });
		await server.said(/revoked 2/);
	});

	it('keeps the connections of a worker when the one beside it is killed, and replaces it', async () => {
		const [victim, witness] = (await onEach(port, 2)) as [Visitor, Visitor];
		await witness.subscribe('news');
		for (const visitor of [victim, witness]) {
			visitor.send('board as member');
			expect(await visitor.text()).toBe('aboard true');
		}
		const before = pidsIn(server, 'init');
		process.kill(victim.pid, 'SIGKILL');
		expect(await victim.closed).toMatchObject({ code: 1006 });
		await vi.waitFor(() => expect(pidsIn(server, 'init').length).toBe(before.length + 1), { interval: 5 });

		witness.send('still here');
		expect(await witness.text()).toBe('echo still here');
		const visitors = await onEach(port, 2);
		expect(visitors.map(({ pid }) => pid)).not.toContain(victim.pid);
		// The group has lost the one who was there, and says so.
		await vi.waitFor(async () =>
			expect(await witness.event('__group:crew')).toEqual([{ id: expect.any(String), role: 'member' }])
		);
		visitors[0]!.send('board as admin');
		expect(await visitors[0]!.text()).toBe('aboard true');
		await publish(port, 'after the kill');
		expect(await witness.event('news')).toEqual({ text: 'after the kill' });
		for (const visitor of [...visitors, witness]) await visitor[Symbol.asyncDispose]();
	});

	it('replaces both when both are killed at once', async () => {
		const victims = await onEach(port, 2);
		const before = pidsIn(server, 'init').length;
		for (const { pid } of victims) process.kill(pid, 'SIGKILL');
		for (const victim of victims) await victim.closed;
		await vi.waitFor(() => expect(pidsIn(server, 'init').length).toBe(before + 2));
		// Where each listens by itself, that is after its init.
		await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/healthz`));
		const fresh = await onEach(port, 2);
		for (const { pid } of fresh) expect(victims.map((victim) => victim.pid)).not.toContain(pid);
		for (const visitor of fresh) await visitor[Symbol.asyncDispose]();
	});

	it('shuts down each worker on SIGTERM, telling its clients, and ends with 0', async () => {
		const visitors = await onEach(port, 2);
		server.child.kill('SIGTERM');
		for (const visitor of visitors) expect(await visitor.closed).toMatchObject({ code: 1012 });
		expect(await server.exited).toBe(0);
		expect(new Set(pidsIn(server, 'shutdown'))).toEqual(new Set(visitors.map(({ pid }) => pid)));
	});
});

it('counts the handshakes of an address over both workers', async () => {
	const limited = deploy(builtProject('kit3'));
	const settings = join(limited, 'build/handler.js');
	const [limit, attempts] = [40, 120];
	// With a window that is longer than the test, however slow the machine.
	const changed = readFileSync(settings, 'utf8')
		.replace('"upgradeRateLimit":0', `"upgradeRateLimit":${limit}`)
		.replace('"upgradeRateLimitWindow":10', '"upgradeRateLimitWindow":3600');
	writeFileSync(settings, changed);
	await using server = await serve({}, limited);
	const port = await portOf(server);
	let admitted = 0;
	for (let n = 0; n < attempts; n++) {
		try {
			await using _ = await connect(`ws://127.0.0.1:${port}/live`, `http://127.0.0.1:${port}`);
			admitted++;
		} catch (error) {
			expect(error).toEqual(new Error('429'));
		}
	}
	expect(admitted).toBeGreaterThanOrEqual(limit);
	// Each would let in as many; what comes between a handshake and the news of it is too much.
	expect(admitted).toBeLessThan(limit * 1.75);
	rmSync(limited, { recursive: true, force: true });
});

it('loses no connection to a worker that hangs until it is ended, where the primary accepts', async () => {
	await using server = await serve({ CLUSTER_MODE: 'acceptor', TRANSPORT: 'node' });
	const port = await portOf(server);
	const [hanging] = pidsIn(server, 'init');
	process.kill(hanging!, 'SIGSTOP');
	let answered = 0;
	const answers = Array.from({ length: 6 }, async () => {
		const response = await fetch(`http://127.0.0.1:${port}/info`, { headers: { connection: 'close' } });
		answered++;
		return response.status;
	});
	// The worker beside it has answered its half, so the other half waits.
	await vi.waitFor(() => expect(answered).toBe(3));
	process.kill(hanging!, 'SIGKILL');
	expect(await Promise.all(answers)).toEqual([200, 200, 200, 200, 200, 200]);
});

describe.each(['1', '2', '4'])('a timer of the leader among %s workers', (workers) => {
	it('fires once each time, and goes on elsewhere when the leader is killed', async () => {
		await using server = await serve({ CLUSTER_WORKERS: workers, LEASE_MS: '600' });
		await portOf(server);
		const ticks = (): { slot: string; pid: number }[] =>
			[...server.output.matchAll(/tick (\d+) in (\d+)/g)].map(([, slot, pid]) => ({ slot: slot!, pid: Number(pid) }));
		const until = (check: () => void): Promise<void> => vi.waitFor(check);

		await until(() => expect(ticks().length).toBeGreaterThan(10));
		const leader = ticks()[0]!.pid;
		expect(new Set(ticks().map(({ pid }) => pid))).toEqual(new Set([leader]));
		process.kill(leader, 'SIGKILL');
		await until(() => expect(ticks().filter(({ pid }) => pid !== leader).length).toBeGreaterThan(10));
		const slots = (led: boolean): string[] =>
			ticks()
				.filter(({ pid }) => (pid === leader) === led)
				.map(({ slot }) => slot);
		expect(new Set(ticks().map(({ pid }) => pid)).size).toBe(2);
		for (const led of [true, false]) expect(new Set(slots(led)).size).toBe(slots(led).length);
		// In the slot in which the leader was killed its follower may tell as well; nothing is told by a leader after that.
		expect(slots(true).filter((slot) => slot > slots(false)[0]!)).toEqual([]);
	});
});

it('keeps serving as unhealthy for the delay although the workers were signalled too', async () => {
	await using server = await serve({ SHUTDOWN_DELAY_MS: '600000' });
	const port = await portOf(server);
	// As a terminal does it.
	for (const pid of [...pidsIn(server, 'init'), server.child.pid!]) process.kill(pid, 'SIGINT');
	await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(503));
	expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
	await server.insist('SIGINT');
	expect(await server.exited).toBe(1);
	for (const pid of pidsIn(server, 'init')) await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow());
});

it('leaves no worker behind when the primary is killed', async () => {
	await using server = await serve({});
	await portOf(server);
	server.child.kill('SIGKILL');
	await server.exited;
	for (const pid of pidsIn(server, 'init')) await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow());
});

it('does not start on a port that is taken', async () => {
	const other = createServer().listen(0, '127.0.0.1');
	await vi.waitFor(() => expect(other.listening).toBe(true));
	const { port } = other.address() as AddressInfo;
	await using server = await serve({ PORT: String(port) });
	expect(await server.exited).toBe(1);
	expect(server.output).toContain('the port is taken');
	other.close();
});

it('does not start when its workers refuse to, and says why', async () => {
	await using server = await serve({ FAIL_INIT: 'yes' });
	expect(await server.exited).toBe(1);
	expect(server.output).toContain('The server did not start. Error: no database');
	expect(server.output).not.toContain('Listening');
});
