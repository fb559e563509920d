import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadEngine } from './load.ts';

beforeEach(() => vi.stubEnv('UWS_HTTP_MAX_HEADERS_SIZE', undefined));
afterEach(() => vi.unstubAllEnvs());

const wrapped = (inner: string): string =>
	`This version of uWS.js (v20.69.0) supports only Node.js versions 22, 24 and 26 on (glibc) Linux, macOS and Windows.\n\n${inner}`;

it.each([
	[
		'it is not installed',
		"Cannot find package 'uWebSockets.js' imported from /app/build/index.js",
		/^uWebSockets\.js is not installed\. .*npm install uNetworking\/uWebSockets\.js#v20/
	],
	[
		'the C library is too old',
		wrapped("Error: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /app/uws.node)"),
		/does not have GLIBC_2\.38\. .*glibc 2\.38 or newer/
	],
	[
		'the system has musl',
		wrapped('Error: Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /app/uws.node)'),
		/not built for musl.*instead of Alpine/
	],
	[
		'there is no build for this Node',
		wrapped("Error: Cannot find module './uws_linux_x64_999.node'\nRequire stack:\n- /app/uws.js"),
		new RegExp(`not built for Node ${process.versions.node.replaceAll('.', '\\.')} on .*npm install`)
	],
	[
		'a bundler tells why',
		'Could not resolve "uWebSockets.js". Is it installed?',
		/does not load: Could not resolve "uWebSockets\.js"\. Is it installed\? Install/
	],
	[
		'something else is wrong',
		wrapped('Error: /app/uws.node: invalid ELF header'),
		/does not load: Error: \/app\/uws\.node: invalid ELF header\. .*npm install/
	]
])('says in one line what to do when %s', async (_why, message, expected) => {
	const error = await loadEngine(() => Promise.reject(new Error(message))).catch((reason: unknown) => reason);
	expect(error).toBeInstanceOf(Error);
	expect((error as Error).message).toMatch(expected);
	expect((error as Error).message).not.toContain('\n');
	expect(((error as Error).cause as Error).message).toBe(message);
});

it('raises the limit for request heads before it loads, unless it was set', async () => {
	const seen: unknown[] = [];
	const load = async () => (seen.push(process.env['UWS_HTTP_MAX_HEADERS_SIZE']), { default: {} });
	await loadEngine(load);
	process.env['UWS_HTTP_MAX_HEADERS_SIZE'] = '9000';
	await loadEngine(load);
	expect(seen).toEqual(['16384', '9000']);
});

it('gives the engine that is installed', async () => {
	expect(typeof (await loadEngine()).App).toBe('function');
});

it('keeps the name of the engine out of responses, where the engine lets it', async () => {
	const settings: string[] = [];
	await loadEngine(async () => ({ default: { _cfg: (setting: string) => settings.push(setting) } }));
	expect(settings).toEqual(['silent']);
	await loadEngine(async () => ({ default: {} }));
});
