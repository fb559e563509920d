import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Running } from 'conformance/running';
import { build, createProject, viteBin, type Kit } from './project.ts';
import { serve, visit } from './serve.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
/** The files of "Begin", as they stand there. */
const files = [...readme.matchAll(/^```\w+\n(?:\/\/|<!--) (\S+)(?: -->)?\n(.*?)^```/gms)].map(
	([, path, text]) => [path!, text!] as const
);

/** What `sv create` makes of an empty folder, but for its looks; then the four files. */
function begin(kit: Kit): string {
	const project = createProject(kit, 'readme', true);
	for (const other of ['src', 'svelte.config.js', 'vite.config.js'])
		rmSync(join(project, other), { recursive: true, force: true });
	const html = '<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>';
	for (const [path, text] of [['src/app.html', html], ...files]) {
		mkdirSync(dirname(join(project, path!)), { recursive: true });
		writeFileSync(join(project, path!), text!);
	}
	return project;
}

/** Two visitors, as the page would be: one adds, and both hear of it. */
async function meet(origin: string): Promise<void> {
	expect(await (await fetch(origin)).text()).toContain('Add</button>');
	await using one = await visit(origin);
	await using other = await visit(origin);
	for (const visitor of [one, other]) {
		visitor.send('{"rpc":"todos/todos","id":"a","args":[],"stream":true}');
		expect(await visitor.event('__rpc')).toMatchObject({ ok: true, data: [] });
	}
	one.send('{"rpc":"todos/add","id":"b","args":["buy milk"]}');
	expect(await one.event('__rpc')).toMatchObject({ ok: true, data: { text: 'buy milk' } });
	for (const visitor of [one, other]) expect(await visitor.event('todos')).toMatchObject({ text: 'buy milk' });
}

it('names four files', () => {
	const names = files.map(([path]) => path);
	expect(names).toEqual(['vite.config.ts', 'src/hooks.ws.ts', 'src/live/todos.ts', 'src/routes/+page.svelte']);
});

describe.each(['kit2', 'kit3'] as const)('the first minutes of README with %s', (kit) => {
	it('are served in development and, built, without any setting', async () => {
		const project = begin(kit);
		{
			await using dev = new Running([viteBin(), 'dev', '--port', '0', '--host', '127.0.0.1'], project);
			const [, origin] = await dev.said(/(http:\/\/127\.0\.0\.1:\d+)/);
			await meet(origin!);
			expect(dev.output).not.toMatch(/warn|error|missing/i);
		}
		build(project);
		await meet((await serve({}, project)).origin);
	});
});
