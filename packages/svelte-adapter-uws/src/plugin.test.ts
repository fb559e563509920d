import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedConfig } from 'vite';
import { expect, it } from 'vitest';
import { createPlugins, type UWSPluginOptions } from './plugin.ts';

/** Resolves a config with one instance of the plugin, as Vite does; `kit`: as SvelteKit 2 shows its options. */
function resolve(options: UWSPluginOptions, root = '/app', kit?: object): string[] {
	const plugins = createPlugins({ adapter: undefined, options });
	const warnings: string[] = [];
	const setup = { name: 'vite-plugin-sveltekit-setup', api: { options: { kit } } };
	const config = {
		root,
		plugins: [setup, ...plugins],
		logger: { warn: (line: string) => warnings.push(line) }
	} as unknown as ResolvedConfig;
	(plugins[0]!.configResolved as (config: ResolvedConfig) => void)(config);
	return warnings;
}

it('takes the options of dev beside those of the endpoint', () => {
	expect(resolve({ timeoutMs: 100, devSkipOriginCheck: true, path: '/live' })).toEqual([]);
	expect(resolve({ timeoutMS: 100 } as UWSPluginOptions)[0]).toContain('websocket.timeoutMS is not an option');
});

it.each([0, -1, Infinity, NaN, '5'])('refuses %j for the time of a reply', (timeoutMs) => {
	expect(() => resolve({ timeoutMs: timeoutMs as number })).toThrow(
		`timeoutMs: got ${String(timeoutMs)}, expected a finite number of milliseconds above 0.`
	);
});

it('warns about hooks in a project whose adapter has no endpoint', () => {
	const root = mkdtempSync(join(tmpdir(), 'hooks '));
	const without = { adapter: { name: 'adapter-uws', options: { websocket: false } } };
	expect(resolve({}, root, without)).toEqual([]);
	mkdirSync(join(root, 'src'));
	writeFileSync(join(root, 'src/hooks.ws.ts'), '');
	expect(resolve({}, root, without)).toEqual([
		expect.stringMatching(
			/hooks\.ws\.ts is not used, because there is no WebSocket endpoint\. .*adapter\(\{ websocket: true \}\)/
		)
	]);
	expect(resolve({}, root, { adapter: { name: 'adapter-uws', options: {} } })).toEqual([]);
	rmSync(root, { recursive: true });
});

it('warns about another adapter, which would build an app without WebSockets', () => {
	expect(resolve({}, '/app', { adapter: { name: '@sveltejs/adapter-auto' } })).toEqual([
		expect.stringMatching(
			/built by @sveltejs\/adapter-auto, which makes no server with WebSockets.*import adapter from 'svelte-adapter-uws'/
		)
	]);
	expect(resolve({}, '/app', {})).toEqual([]);
});
