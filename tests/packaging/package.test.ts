import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { build, builtProject, createProject } from './project.ts';

let project: string;
beforeAll(() => {
	project = builtProject('kit3');
});

const installed = (): string => join(project, 'node_modules/svelte-adapter-uws');

it('can be imported by every subpath that it exports', () => {
	const { exports } = JSON.parse(readFileSync(join(installed(), 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
	const paths = Object.keys(exports).filter((path) => path !== './package.json');
	expect(paths).toContain('./upgrade-response');
	const source = paths.map((path) => `await import(${JSON.stringify(`svelte-adapter-uws${path.slice(1)}`)});`).join('\n');
	expect(
		execFileSync(process.execPath, ['--input-type=module', '--eval', `${source}\nconsole.log('imported')`], {
			cwd: project,
			encoding: 'utf8'
		})
	).toBe('imported\n');
});

it('keeps tests and build records to itself', () => {
	const files = readdirSync(join(installed(), 'dist'), { recursive: true, encoding: 'utf8' });
	expect(files.length).toBeGreaterThan(50);
	expect(files.filter((file) => /\.test\.|\.tsbuildinfo$/.test(file))).toEqual([]);
});

it('puts no build tool into a server whose hooks import the adapter', () => {
	const server = join(project, 'build/server');
	const scripts = readdirSync(server, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
	expect(scripts).toContain('hooks.ws.js');
	expect(
		scripts.filter((file) => /loadConfigFromFile|adapter-uws:bundle/.test(readFileSync(join(server, file), 'utf8')))
	).toEqual([]);
});

it('says what to add when SvelteKit 2 builds without the plugin', () => {
	const plain = createProject('kit2', 'without plugin');
	const config = join(plain, 'vite.config.js');
	writeFileSync(config, readFileSync(config, 'utf8').replace('sveltekit(), uws()', 'sveltekit()'));
	expect(() => build(plain)).toThrow(
		/svelte-adapter-uws needs its Vite plugin\. In vite\.config: import uws from 'svelte-adapter-uws\/vite'/
	);
});

it('builds the same with the plugin added by hand on SvelteKit 3', () => {
	const twice = createProject('kit3', 'plugin twice');
	const config = join(twice, 'vite.config.js');
	writeFileSync(
		config,
		readFileSync(config, 'utf8')
			.replace('import { defineConfig }', "import uws from 'svelte-adapter-uws/vite';\nimport { defineConfig }")
			.replace(/plugins: \[(.*)\]/, 'plugins: [uws(), $1, uws()]')
	);
	build(twice);
	expect(readFileSync(join(twice, 'build/index.js'), 'utf8')).toContain('__sveltekit_env_init');
	expect(readFileSync(join(twice, 'build/server/hooks.ws.js'), 'utf8')).toContain('visitor');
});

it('bundles its own libraries, though the project depends on others of the same name', () => {
	const old = createProject('kit3', 'old cookie');
	const cookie = join(old, 'node_modules/cookie');
	mkdirSync(cookie, { recursive: true });
	writeFileSync(join(cookie, 'package.json'), '{ "name": "cookie", "version": "0.1.0", "type": "module", "main": "index.js" }');
	writeFileSync(join(cookie, 'index.js'), "throw new Error('the wrong cookie');");
	writeFileSync(
		join(old, 'package.json'),
		'{ "name": "old-cookie", "version": "0.0.0", "private": true, "type": "module", "dependencies": { "cookie": "0.1.0" } }'
	);
	build(old);
	expect(readFileSync(join(old, 'build/server/adapter-uws.js'), 'utf8')).not.toMatch(/from ["']cookie["']/);
});

it('refuses to empty the project', () => {
	const careless = createProject('kit3', 'careless');
	const config = join(careless, 'vite.config.js');
	writeFileSync(config, readFileSync(config, 'utf8').replace('adapter({', "adapter({ out: '.',"));
	expect(() => build(careless)).toThrow("out: got '.', which would empty the project.");
	expect(readFileSync(config, 'utf8')).toContain('sveltekit');
	rmSync(careless, { recursive: true });
});
