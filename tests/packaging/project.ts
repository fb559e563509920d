import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, '../../packages');
const requireHere = createRequire(import.meta.url);

export type Kit = 'kit2' | 'kit3';

/** A project of its own with the packed adapter in its node_modules, for one version of SvelteKit; `realtime`: with live modules. */
export function createProject(kit: Kit, name: string, realtime = false): string {
	const project = join(here, '.projects', `${kit} ${name}`);
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

function unpack(name: string, modules: string): void {
	const [source, target] = [join(packages, name), join(modules, name)];
	const packed = mkdtempSync(join(tmpdir(), 'packed '));
	execFileSync('npm', ['pack', '--silent', '--pack-destination', packed], { cwd: source, shell: process.platform === 'win32' });
	const [tarball] = readdirSync(packed);
	mkdirSync(target, { recursive: true });
	execFileSync('tar', ['-xzf', join(packed, tarball!), '-C', target, '--strip-components', '1']);
	rmSync(packed, { recursive: true });
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
		env: environment(),
		stdio: ['ignore', 'pipe', 'pipe']
	});
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

// Vite and SvelteKit behave differently inside a test runner, and colour what they say where CI is set.
const environment = (extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => {
	const { VITEST: _vitest, NODE_ENV: _nodeEnv, TEST: _test, FORCE_COLOR: _colour, ...rest } = process.env;
	return { ...rest, NO_COLOR: '1', ...extra };
};

/** Shorter than a test may take, so that what the process said is in the report. */
const PATIENCE_MS = 100_000;

/** A child process whose output can be waited for. Disposing kills it. */
export class Running implements AsyncDisposable {
	readonly child: ChildProcess;
	/** Its exit code, once all that it and its workers said is in the output. */
	readonly exited: Promise<number | null>;
	output = '';

	constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
		this.child = spawn(process.execPath, args, { cwd, env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
		this.exited = new Promise((resolve) => this.child.once('close', resolve));
		for (const stream of [this.child.stdout!, this.child.stderr!])
			stream.on('data', (data: Buffer) => (this.output += data.toString()));
	}

	/** Resolves when the output matches; rejects with the output when the process ends before, or says it never. */
	said(pattern: RegExp): Promise<RegExpExecArray> {
		return new Promise((resolve, reject) => {
			const fail = (what: string): void => reject(new Error(`${what} before it said ${pattern}:\n${this.output}`));
			const timer = setTimeout(() => fail(`${PATIENCE_MS} ms went by`), PATIENCE_MS);
			const look = (): void => {
				const match = pattern.exec(this.output);
				if (!match) return;
				clearTimeout(timer);
				resolve(match);
			};
			look();
			this.child.stdout!.on('data', look);
			this.child.stderr!.on('data', look);
			void this.exited.then((code) => {
				clearTimeout(timer);
				fail(`It ended with ${code}`);
			});
		});
	}

	/** Sends a signal again and again until the process has ended: one that follows another at once is taken for the same. */
	async insist(signal: NodeJS.Signals): Promise<void> {
		while (this.child.exitCode === null && this.child.signalCode === null) {
			this.child.kill(signal);
			await pause(100);
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.child.exitCode !== null || this.child.signalCode !== null) return;
		// A worker that stands still holds the output open; nobody waits for that here.
		const gone = once(this.child, 'exit');
		this.child.kill('SIGKILL');
		await gone;
	}
}
