import type { ResolvedConfig } from 'vite';
import { expect, it } from 'vitest';
import { createPlugins, type UWSPluginOptions } from './plugin.ts';

/** Resolves a config with one instance of the plugin, as Vite does. */
function resolve(options: UWSPluginOptions): string[] {
	const plugins = createPlugins({ adapter: undefined, options });
	const warnings: string[] = [];
	const config = { root: '/app', plugins, logger: { warn: (line: string) => warnings.push(line) } } as unknown as ResolvedConfig;
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
