import { Running } from 'conformance/running';
import { describe, expect, it } from 'vitest';
import { begin, files } from './beginning.ts';
import { build, viteBin } from './project.ts';
import { serve, visit } from './serve.ts';

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
		const project = begin(kit, 'readme');
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
