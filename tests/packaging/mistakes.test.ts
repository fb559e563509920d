import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Running } from 'conformance/running';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { begin, files, write } from './beginning.ts';
import { build, viteBin, type Kit } from './project.ts';
import { visit } from './serve.ts';

const written = (path: string): string => files.find(([name]) => name === path)![1];
const config = written('vite.config.ts');
const page = written('src/routes/+page.svelte');

interface Mistake {
	/** Changes the project of README. */
	readonly make: (project: string) => void;
	/** What the terminal says, in any order. */
	readonly told: readonly RegExp[];
	/** Whether a client sends a call first. */
	readonly calls?: true;
	/** Default: both. */
	readonly kits?: readonly Kit[];
}

const inDevelopment: Readonly<Record<string, Mistake>> = {
	'the plugin of svelte-realtime is forgotten': {
		make: (project) => write(project, 'vite.config.ts', config.replace(', realtime()', '')),
		told: [/\$live\/todos/, /No live module is known, because the Vite plugin is missing\. In vite\.config: import realtime/]
	},
	'the plugin of the adapter is forgotten, which SvelteKit 2 needs': {
		kits: ['kit2'],
		make: (project) => write(project, 'vite.config.ts', config.replace(' uws(),', '')),
		told: [
			/Nothing serves WebSockets, because the Vite plugin of the adapter is missing/,
			/There is no WebSocket endpoint\. .*import uws from/
		]
	},
	'the adapter is not told of WebSockets': {
		make: (project) => write(project, 'vite.config.ts', config.replace('{ websocket: true }', '')),
		told: [/hooks\.ws\.ts is not used, because there is no WebSocket endpoint\..*adapter\(\{ websocket: true \}\)/]
	},
	'there are no hooks': {
		make: (project) => rmSync(join(project, 'src/hooks.ws.ts')),
		calls: true,
		told: [/A client sent a message that nobody hears: src\/hooks\.ws\.ts exports no message hook, or is not there/]
	},
	'the hooks are exported as default': {
		make: (project) =>
			write(project, 'src/hooks.ws.ts', `import { realtime } from 'svelte-realtime/server';\nexport default realtime();\n`),
		calls: true,
		told: [/exports its hooks as default, which nobody reads/, /A client sent a message that nobody hears/]
	},
	'a page imports a live module that is not there': {
		make: (project) => write(project, 'src/routes/+page.svelte', page.replace('$live/todos', '$live/todo')),
		told: [/\$live\/todo does not exist: there is no live module todo in .*\. It has todos\./]
	}
};

describe.each(['kit2', 'kit3'] as const)('the first mistakes with %s', (kit) => {
	const mistakes = Object.entries(inDevelopment).filter(([, { kits }]) => kits?.includes(kit) ?? true);
	let project: string;
	beforeAll(() => void (project = begin(kit, 'mistake')));
	beforeEach(() => {
		for (const [path, text] of files) write(project, path, text);
	});

	it.each(mistakes)('%s: the terminal says so, and what to do', async (_, { make, told, calls }) => {
		make(project);
		await using dev = new Running([viteBin(), 'dev', '--port', '0', '--host', '127.0.0.1'], project);
		const [, origin] = await dev.said(/(http:\/\/127\.0\.0\.1:\d+)/);
		await (await fetch(origin!)).text();
		if (calls) {
			await using visitor = await visit(origin!);
			visitor.send('{"rpc":"todos/add","id":"a","args":["buy milk"]}');
			await dev.said(told.at(-1)!);
		}
		for (const pattern of told) await dev.said(pattern);
	});

	it('a page imports a live module by its file: there is no build, which would give its code to browsers', () => {
		write(project, 'src/routes/+page.svelte', page.replace('$live/todos', '../live/todos'));
		expect(() => build(project)).toThrow(
			/live\/todos\.ts runs on the server alone.*Import from \$live\/todos in place of the file/
		);
	});
});
