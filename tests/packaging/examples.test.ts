import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { freePort } from 'conformance/free-port';
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../packages/svelte-adapter-uws/src/host/env.ts';
import { Running } from 'conformance/running';
import { APP } from './project.ts';
import { serve } from './serve.ts';

const read = (name: string): string => readFileSync(new URL(`../../examples/deploy/${name}`, import.meta.url), 'utf8');
const run = promisify(execFile);

/** The instructions of the stage that is run, a line each. */
const lastStage = (name: string): string[] =>
	read(name)
		.slice(read(name).lastIndexOf('FROM '))
		.replaceAll(/^#.*\n/gm, '')
		.replaceAll(/\\\n\s*/g, '')
		.split('\n')
		.filter((line) => line !== '');

const NAMES: Readonly<Record<string, RegExp>> = {
	Dockerfile: /^ENV (\w+)=/gm,
	'Dockerfile.alpine': /^ENV (\w+)=/gm,
	'compose.yaml': /^\s+([A-Z_]+):/gm,
	'kubernetes.yaml': /- name: ([A-Z_]+)$/gm,
	'app.service': /^Environment=(\w+)=/gm,
	'app-on-demand.service': /^Environment=(\w+)=/gm,
	Caddyfile: /\b([A-Z_]+)=/g,
	'nginx.conf': /\b([A-Z_]+)=/g
};

it.each(Object.keys(NAMES))('%s sets variables that the server knows', (name) => {
	const names = [...read(name).matchAll(NAMES[name]!)].map(([, variable]) => variable!);
	expect(names.length).toBeGreaterThan(0);
	for (const variable of names) if (variable !== 'NODE_ENV') expect(Object.keys(VARIABLES)).toContain(variable);
});

describe.each(['Dockerfile', 'Dockerfile.alpine'])('%s', (name) => {
	it('copies what the server needs to run, and nothing else', () => {
		expect(lastStage(name).filter((line) => line.startsWith('COPY'))).toEqual([
			'COPY --from=build /app/package.json ./',
			'COPY --from=build /app/node_modules node_modules/',
			'COPY --from=build /app/build build/'
		]);
	});

	it('starts the server, and its health check tells whether it is ready', async () => {
		const line = (start: RegExp): string[] => {
			const found = lastStage(name).find((text) => start.test(text))!;
			return JSON.parse(found.slice(found.indexOf('['))) as string[];
		};
		const [program, ...args] = line(/^CMD/);
		expect(program).toBe('node');
		const port = await freePort();
		const check = line(/^HEALTHCHECK/).map((part) => part.replace('127.0.0.1:3000', `127.0.0.1:${port}`));
		const healthy = (): Promise<boolean> =>
			run(check[0] === 'node' ? process.execPath : check[0]!, check.slice(1)).then(
				() => true,
				() => false
			);
		expect(await healthy()).toBe(false);
		await using server = new Running(args, APP, { HOST: '127.0.0.1', PORT: String(port), ORIGIN: 'http://127.0.0.1' });
		await server.said(/Listening on/);
		expect(await healthy()).toBe(true);
	});
});

it('an image gets neither modules nor a build nor secrets from the machine that makes it', () => {
	expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['node_modules', 'build', '.svelte-kit', '.env*']));
});

it('probes of the Kubernetes manifest ask for paths that are there', async () => {
	const { origin } = await serve({ ORIGIN: 'http://127.0.0.1' });
	const paths = [...read('kubernetes.yaml').matchAll(/path: (\S+)/g)].map(([, path]) => path!);
	expect(paths).toEqual(['/readyz', '/readyz', '/healthz']);
	for (const path of paths) expect((await fetch(origin + path)).status).toBe(200);
});

it('whatever ends the server waits for longer than it may take', () => {
	const timeouts = [
		/stop_grace_period: (\d+)s/.exec(read('compose.yaml')),
		/terminationGracePeriodSeconds: (\d+)/.exec(read('kubernetes.yaml')),
		/TimeoutStopSec=(\d+)/.exec(read('app.service')),
		/TimeoutStopSec=(\d+)/.exec(read('app-on-demand.service'))
	];
	for (const timeout of timeouts) expect(Number(timeout?.[1])).toBeGreaterThan(Number(VARIABLES.SHUTDOWN_TIMEOUT));
});
