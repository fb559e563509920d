import { rmSync } from 'node:fs';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from './client.ts';
import { builtProject, deploy } from './project.ts';
import { serve, visit } from './serve.ts';

let directory: string;
beforeAll(() => {
	directory = deploy(builtProject('kit3', true));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Person extends Client {
	/** The worker that the connection is on. */
	readonly pid: number;
}

async function enter(origin: string, user: string): Promise<Person> {
	const client = await visit(origin, `?user=${user}`);
	return Object.assign(client, { pid: (await client.rpc('people/where')).data as number });
}

/** A person on another worker than this one; the kernel decides who gets a connection, so it may take several. */
async function elsewhere(origin: string, user: string, pid: number): Promise<Person> {
	for (let attempt = 0; ; attempt++) {
		if (attempt === 200) throw new Error(`Of 200 connections all went to ${pid}.`);
		const person = await enter(origin, user);
		if (person.pid !== pid) return person;
		await person[Symbol.asyncDispose]();
	}
}

const keys = (rows: readonly { readonly key: string }[]): string[] => rows.map(({ key }) => key);

describe.each([
	{ TRANSPORT: 'uws', CLUSTER_MODE: 'reuseport' },
	{ TRANSPORT: 'node', CLUSTER_MODE: 'acceptor' }
])('people on two workers with $TRANSPORT', (env) => {
	it('see, ask and call each other, and are gone with their worker', async () => {
		const port = String(await freePort());
		const ORIGIN = `http://127.0.0.1:${port}`;
		const { origin } = await serve({ PORT: port, ORIGIN, APP_SECRET: 'at run time', CLUSTER_WORKERS: '2', ...env }, directory);
		await using ann = await enter(origin, 'ann');
		await using bob = await elsewhere(origin, 'bob', ann.pid);

		await ann.rpc('people/hall/__data', ['1'], { stream: true });
		const here = await ann.rpc('people/hall/__presence', ['1'], { stream: true });
		expect(here.data).toEqual([{ key: 'ann', data: { pid: ann.pid } }]);
		await bob.rpc('people/hall/__data', ['1'], { stream: true });
		expect(await ann.event('hall:1:presence')).toEqual({ key: 'bob', data: { pid: bob.pid } });
		expect(keys((await bob.rpc('people/hall/__presence', ['1'], { stream: true })).data)).toEqual(['ann', 'bob']);

		const answer = ann.rpc('people/ask', ['bob']);
		const { ref, event, data } = await bob.control('request');
		expect([event, data]).toEqual(['who', ann.pid]);
		bob.send(JSON.stringify({ type: 'reply', ref, data: { pid: bob.pid } }));
		expect(await answer).toMatchObject({ ok: true, data: { pid: bob.pid } });
		expect(await ann.rpc('people/ask', ['nobody'])).toMatchObject({ ok: false, code: 'NOT_FOUND' });

		expect(await bob.rpc('people/call', ['ann'])).toMatchObject({ ok: true });
		expect(await ann.event('__signal:ann')).toBe(bob.pid);

		process.kill(bob.pid, 'SIGKILL');
		await bob.closed;
		expect(await ann.event('hall:1:presence')).toEqual({ key: 'bob' });
		expect(keys((await ann.rpc('people/hall/__presence', ['1'], { stream: true })).data)).toEqual(['ann']);
	});
});
