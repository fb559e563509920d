import { execFileSync } from 'node:child_process';
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnvironment, Running } from 'conformance/running';

const here = dirname(fileURLToPath(import.meta.url));
/** Everything that tests pack and build; emptied before each run. */
export const PROJECTS: string = join(here, '.projects');
const packages = join(here, '../../packages');
const requireHere = createRequire(import.meta.url);

export type Kit = 'kit2' | 'kit3';

/** A project of its own with the packed adapter in its node_modules, for one version of SvelteKit; `realtime`: with live modules. */
export function createProject(kit: Kit, name: string, realtime = false): string {
	const project = join(PROJECTS, `${kit} ${name}`);
	rmSync(project, { recursive: true, force: true });
	cpSync(join(here, 'app'), project, { recursive: true });
	cpSync(join(here, kit), project, { recursive: true });
	const modules = join(project, 'node_modules');
	mkdirSync(join(modules, '@sveltejs'), { recursive: true });
	unpack('svelte-adapter-uws', modules);
	if (realtime) {
		cpSync(join(here, 'realtime'), project, { recursive: true });
		unpack('svelte-realtime', modules);
	}
	if (kit === 'kit2') {
		// As npm lays it out in a project of its own: the libraries of SvelteKit 2 on top, ours below our package.
		cpSync(join(here, '../kit2/node_modules'), modules, { recursive: true });
	}
	return project;
}

/** The tarball of a package, packed once in a run. */
export function tarball(name: string): string {
	const folder = join(PROJECTS, 'tarballs', name);
	mkdirSync(folder, { recursive: true });
	if (readdirSync(folder).length === 0) {
		execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
			cwd: join(packages, name),
			shell: process.platform === 'win32'
		});
	}
	return join(folder, readdirSync(folder)[0]!);
}

/** Lays out a package as npm does: what is in its tarball, and its libraries below it. */
function unpack(name: string, modules: string): void {
	const [source, target] = [join(packages, name), join(modules, name)];
	mkdirSync(target, { recursive: true });
	execFileSync('tar', ['-xzf', tarball(name), '-C', target, '--strip-components', '1']);
	const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
		dependencies: Record<string, string>;
	};
	const requireSource = createRequire(join(source, 'package.json'));
	for (const dependency of Object.keys(dependencies)) {
		const [found] = requireSource.resolve
			.paths(dependency)!
			.map((path) => join(path, dependency))
			.filter((path) => existsSync(path));
		cpSync(found!, join(target, 'node_modules', dependency), { recursive: true });
	}
}

/** Runs `vite build` in the project; gives its output. Throws with the output when it fails. */
export function build(project: string): string {
	return execFileSync(process.execPath, [viteBin(), 'build'], {
		cwd: project,
		encoding: 'utf8',
		env: childEnvironment(),
		stdio: ['ignore', 'pipe', 'pipe']
	});
}

/** A project as `createProject` makes it, built once in a run for all tests that leave it as it is. */
export function builtProject(kit: Kit, realtime = false): string {
	const project = join(PROJECTS, `${kit} ${realtime ? 'realtime' : 'plain'}`);
	const record = join(project, '.built');
	if (!existsSync(record)) {
		build(createProject(kit, realtime ? 'realtime' : 'plain', realtime));
		writeFileSync(record, '');
	}
	return project;
}

/** The build alone in a folder outside the repository, beside the one package that is not bundled. */
export function deploy(project: string): string {
	const directory = mkdtempSync(join(tmpdir(), 'deployed '));
	cpSync(join(project, 'build'), join(directory, 'build'), { recursive: true });
	const engine = dirname(requireHere.resolve('uWebSockets.js'));
	mkdirSync(join(directory, 'node_modules'));
	if (existsSync(engine)) symlinkSync(engine, join(directory, 'node_modules', 'uWebSockets.js'), 'junction');
	return directory;
}

export const viteBin = (): string => join(dirname(requireHere.resolve('vite/package.json')), 'bin', 'vite.js');

/** How the address of a built server is said. */
const LISTENING = /Listening on (http:\/\/127\.0\.0\.1:\d+)/;

/** The test app, which is built before the tests run, as for the tests in a browser. */
export const APP: string = join(here, '../app');

/** Starts a built server, by default the test app, on a port of 127.0.0.1 that is free. It says what it listens on, or why not. */
export const start = (env: Readonly<Record<string, string>> = {}, directory: string = APP): Running =>
	new Running(['build'], directory, { HOST: '127.0.0.1', PORT: '0', ...env });

/** Where a server that was started listens, as an origin. */
export const originOf = async (server: Running): Promise<string> => (await server.said(LISTENING))[1]!;
