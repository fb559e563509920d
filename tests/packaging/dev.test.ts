import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from 'conformance/free-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAuthenticate } from './authenticate.ts';
import { connect } from './client.ts';
import { Running } from 'conformance/running';
import { createProject, viteBin, type Kit } from './project.ts';

describe.each<Kit>(['kit2', 'kit3'])('vite dev with %s', (kit) => {
	let project: string;
	let port: number;
	let dev: Running;

	beforeAll(async () => {
		project = createProject(kit, 'dev');
		port = await freePort();
		dev = new Running([viteBin(), 'dev', '--port', String(port), '--strictPort'], project, {
			APP_SECRET: 'from the environment'
		});
		await dev.said(/WebSocket endpoint registered at \/live/);
	});
	afterAll(() => dev[Symbol.asyncDispose]());

	const url = (path: string): string => `http://localhost:${port}${path}`;
	const visit = () => connect(`ws://localhost:${port}/live`, url(''));
	/** Changes a file and gives what follows from it. Saves again while nothing does: a watcher may miss one of two saves in a row. */
	async function edit<T>(file: string, change: (text: string) => string, effect: Promise<T>): Promise<T> {
		const path = join(project, 'src', file);
		const text = change(readFileSync(path, 'utf8'));
		const save = (): void => writeFileSync(path, text);
		save();
		const again = setInterval(save, 500);
		return effect.finally(() => clearInterval(again));
	}

	it('loads hooks.ws with its environment, before the first page was asked for', async () => {
		await using client = await visit();
		expect(client.headers['x-app']).toBe('yes');
		expect(await client.event('greeting')).toMatchObject({ greeting: 'hello', secret: 'from the environment', opened: 1 });
	});

	it('shares modules between the hooks and the routes, and gives routes the platform', async () => {
		await using client = await visit();
		const { opened } = (await client.event('greeting')) as { opened: number };
		expect(await (await fetch(url('/'))).text()).toContain(`<h1>Opened ${opened}</h1>`);
		expect(await (await fetch(url('/info'))).json()).toMatchObject({ opened, connections: 1, instrumented: true });

		expect(await client.subscribe('news')).toMatchObject({ type: 'subscribed', topic: 'news' });
		expect(await client.subscribe('private')).toMatchObject({ type: 'subscribe-denied', topic: 'private' });
		expect(await (await fetch(url('/publish'), { method: 'POST', body: 'from a route' })).text()).toBe('published');
		expect(await client.event('news')).toEqual({ text: 'from a route' });
	});

	it('refuses other origins and what the hook refuses', async () => {
		await expect(connect(`ws://localhost:${port}/live`, 'http://evil.example')).rejects.toThrow('403');
		await expect(connect(`ws://localhost:${port}/live?refuse`, url(''))).rejects.toThrow('401');
	});

	it('lets clients authenticate before they connect', () => expectAuthenticate(url('')));

	it('takes an edit of a module that the hooks import, and asks clients to come back', async () => {
		await using before = await visit();
		expect(await edit('greeting.ts', (text) => text.replace('hello', 'good morning'), before.closed)).toMatchObject({
			code: 1012
		});
		await using after = await visit();
		expect(await after.event('greeting')).toMatchObject({ greeting: 'good morning' });
	});

	it('keeps the last good hooks while the file does not parse, and goes on when it does', async () => {
		await using before = await visit();
		await edit(
			'hooks.ws.ts',
			(text) => `${text}\nexport const = broken;`,
			dev.said(/hooks\.ws does not load; the last version that did stays in force/)
		);
		await using during = await visit();
		expect(await during.event('greeting')).toMatchObject({ greeting: 'good morning' });
		before.send('still there');
		expect(await before.text()).toBe('echo still there');

		const mend = (text: string): string => text.replace('\nexport const = broken;', '').replace('`echo ', '`mended ');
		expect(await edit('hooks.ws.ts', mend, before.closed)).toMatchObject({ code: 1012 });
		await using after = await visit();
		after.send('now');
		expect(await after.text()).toBe('mended now');
	});

	it('closes its sockets with 1012 when it ends', async () => {
		const client = await visit();
		dev.child.kill('SIGTERM');
		expect(await client.closed).toMatchObject({ code: 1012 });
		await dev.exited;
	});
});

describe.each<Kit>(['kit2', 'kit3'])('vite dev with %s, off the usual way', (kit) => {
	it('refuses everybody while the hooks have never loaded, and mends with the file', async () => {
		const project = createProject(kit, 'dev broken');
		const file = join(project, 'src/greeting.ts');
		writeFileSync(file, 'export const = broken;');
		const port = await freePort();
		await using dev = new Running([viteBin(), 'dev', '--port', String(port), '--strictPort'], project);
		await dev.said(/hooks\.ws does not load/);
		await dev.said(/WebSocket endpoint registered at \/live/);
		const visit = () => connect(`ws://localhost:${port}/live`, `http://localhost:${port}`);
		await expect(visit()).rejects.toThrow('500');
		writeFileSync(file, "export const greeting = 'mended';");
		await dev.said(/hooks\.ws reloaded/);
		await using client = await visit();
		expect(await client.event('greeting')).toMatchObject({ greeting: 'mended' });
	});

	it('takes hooks that are added while it runs', async () => {
		const project = createProject(kit, 'dev added');
		const hooks = readFileSync(join(project, 'src/hooks.ws.ts'), 'utf8');
		rmSync(join(project, 'src/hooks.ws.ts'));
		const port = await freePort();
		await using dev = new Running([viteBin(), 'dev', '--port', String(port), '--strictPort'], project);
		await dev.said(/WebSocket endpoint registered at \/live/);
		await using before = await connect(`ws://localhost:${port}/live`, `http://localhost:${port}`);
		writeFileSync(join(project, 'src/hooks.ws.ts'), hooks);
		expect(await before.closed).toMatchObject({ code: 1012 });
		await using after = await connect(`ws://localhost:${port}/live`, `http://localhost:${port}`);
		expect(await after.event('greeting')).toMatchObject({ greeting: 'hello' });
	});

	it('stays off in middleware mode, and says so', async () => {
		const project = createProject(kit, 'dev middleware');
		const script =
			"import { createServer } from 'vite'; const server = await createServer({ server: { middlewareMode: true } }); await server.close();";
		await using dev = new Running(['--input-type=module', '--eval', script], project);
		expect(await dev.exited).toBe(0);
		expect(dev.output).toContain('Vite runs in middleware mode');
	});
});
