import { rmSync } from 'node:fs';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Client } from './client.ts';
import { build, createProject, deploy, Running } from './project.ts';

let directory: string;
beforeAll(() => {
	const project = createProject('kit3', 'people', true);
	build(project);
	directory = deploy(project);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Person extends Omit<Client, 'rpc'> {
	/** The worker that the connection is on. */
	readonly pid: number;
	/** The answer to a request. */
	rpc(path: string, args: readonly unknown[], more?: object): Promise<any>;
}

async function enter(origin: string, user: string): Promise<Person> {
	const client = await connect(`${origin.replace('http', 'ws')}/ws?user=${user}`, origin);
	const rpc: Person['rpc'] = (path, args, more) => client.rpc(`people/${path}`, args, more);
	return { ...client, rpc, pid: (await rpc('where', [])).data as number };
}

/** A person on another worker than this one; the kernel decides who gets a connection, so it may take several. */
async function elsewhere(origin: string, user: string, pid: number): Promise<Person> {
	for (;;) {
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
		const origin = `http://127.0.0.1:${port}`;
		const more = { HOST: '127.0.0.1', PORT: port, ORIGIN: origin, APP_SECRET: 'at run time', CLUSTER_WORKERS: '2', ...env };
		await using server = new Running(['build'], directory, more);
		await server.said(/Listening on/);
		await using ann = await enter(origin, 'ann');
		await using bob = await elsewhere(origin, 'bob', ann.pid);

		await ann.rpc('hall/__data', ['1'], { stream: true });
		const here = await ann.rpc('hall/__presence', ['1'], { stream: true });
		expect(here.data).toEqual([{ key: 'ann', data: { pid: ann.pid } }]);
		await bob.rpc('hall/__data', ['1'], { stream: true });
		expect(await ann.event('hall:1:presence')).toEqual({ key: 'bob', data: { pid: bob.pid } });
		expect(keys((await bob.rpc('hall/__presence', ['1'], { stream: true })).data)).toEqual(['ann', 'bob']);

		const answer = ann.rpc('ask', ['bob']);
		const { ref, event, data } = await bob.control('request');
		expect([event, data]).toEqual(['who', ann.pid]);
		bob.send(JSON.stringify({ type: 'reply', ref, data: { pid: bob.pid } }));
		expect(await answer).toMatchObject({ ok: true, data: { pid: bob.pid } });
		expect(await ann.rpc('ask', ['nobody'])).toMatchObject({ ok: false, code: 'NOT_FOUND' });

		expect(await bob.rpc('call', ['ann'])).toMatchObject({ ok: true });
		expect(await ann.event('__signal:ann')).toBe(bob.pid);

		process.kill(bob.pid, 'SIGKILL');
		await bob.closed;
		expect(await ann.event('hall:1:presence')).toEqual({ key: 'bob' });
		expect(keys((await ann.rpc('hall/__presence', ['1'], { stream: true })).data)).toEqual(['ann']);
	});
});
