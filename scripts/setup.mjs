// Makes a fresh checkout ready to run: packages, the native engine, and with --tests the services that tests start.
// Plain JavaScript for Node 18 and newer without dependencies, because it runs before anything is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const nodeBinary = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const cache = join(root, '.cache');
const NEEDED_GLIBC = [2, 38];
/** A thousand clients and their server, in one process, and what it has open besides. */
const NEEDED_FILES = 2_500;

const say = (line) => console.log(`setup: ${line}`);

/** Runs a program; gives its output, or throws with what it wrote. */
function run(command, args, options = {}) {
	return execFileSync(command, args, {
		cwd: root,
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'pipe'],
		maxBuffer: 1 << 28,
		...options
	});
}

const has = (command) => spawnSync('sh', ['-c', `command -v "${command}"`]).status === 0;
const asRoot = () => process.getuid?.() === 0;

/** A step that could not be done, and the command that a person can run instead. */
class SetupError extends Error {
	constructor(message, byHand) {
		super(`${message}\nRun by hand: ${byHand}`);
	}
}

/** What decides which packages are installed. */
function wantedPackages() {
	const hash = createHash('sha256');
	for (const name of ['package-lock.json', 'package.json']) {
		const file = join(root, name);
		hash.update(existsSync(file) ? readFileSync(file) : '-').update('\0');
	}
	return hash.digest('hex');
}

function packages() {
	const record = join(cache, 'packages.done');
	if (existsSync(nodeBinary) && existsSync(record) && readFileSync(record, 'utf8') === wantedPackages()) return;
	say('installing the npm packages of package-lock.json, the project’s own Node among them');
	const npm = process.env.npm_execpath;
	// Not `npm ci`: it refuses a lock file in which a registry left out optional packages of other platforms.
	const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
	const result = npm?.endsWith('.js')
		? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
		: spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
	if (result.status !== 0 || !existsSync(nodeBinary))
		throw new SetupError('The npm packages could not be installed.', 'npm install');
	mkdirSync(cache, { recursive: true });
	// Only now: the installation may have completed the lock file.
	writeFileSync(record, wantedPackages());
}

function aptInstall(names, why) {
	const byHand = `apt-get update && apt-get install -y --no-install-recommends ${names.join(' ')}`;
	if (!has('apt-get') || !asRoot()) throw new SetupError(`${names.join(', ')} missing: ${why}.`, byHand);
	say(`installing ${names.join(', ')}: ${why}`);
	// Packages of servers would start a service of their own on a fixed port; tests start theirs on free ports.
	const policy = '/usr/sbin/policy-rc.d';
	const quiet = !existsSync(policy);
	if (quiet) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
	try {
		const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
		run('apt-get', ['update', '-qq'], { env });
		run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
	} catch (error) {
		throw new SetupError(
			`apt-get could not install ${names.join(', ')}: ${String(error.stderr ?? error.message)
				.trim()
				.split('\n')
				.at(-1)}`,
			byHand
		);
	} finally {
		if (quiet) rmSync(policy, { force: true });
	}
}

/** True when the native engine loads in the project's own Node. */
export function engineLoads() {
	const load = 'if (typeof require("uWebSockets.js").App !== "function") process.exit(1)';
	return spawnSync(nodeBinary, ['-e', load], { cwd: root, stdio: 'ignore' }).status === 0;
}

/** True when processes and threads that the project's own Node starts load the engine as well. */
function childrenLoad() {
	const file = join(cache, 'child.cjs');
	writeFileSync(
		file,
		[
			'const { fork } = require("node:child_process");',
			'const { Worker, isMainThread } = require("node:worker_threads");',
			'if (isMainThread && !process.send) {',
			'	for (const child of [fork(__filename), new Worker(__filename)]) child.on("exit", (code) => (process.exitCode ||= code ?? 1));',
			'} else {',
			`	require(${JSON.stringify(join(root, 'node_modules', 'uWebSockets.js'))}).App();`,
			'	process.exit(0);',
			'}'
		].join('\n')
	);
	return spawnSync(nodeBinary, [file], { cwd: root, stdio: 'ignore' }).status === 0;
}

/** The glibc that the project's own Node runs with; nothing when it does not run, as after its checkout was moved. */
function glibc() {
	const { status, stdout } = spawnSync(nodeBinary, ['-p', 'process.report.getReport().header.glibcVersionRuntime'], {
		encoding: 'utf8'
	});
	return status === 0 ? stdout.trim() : undefined;
}

/** The host's Debian mirror, so that the project names none. */
function debianMirror() {
	const files = [
		'/etc/apt/sources.list',
		...(existsSync('/etc/apt/sources.list.d')
			? readdirSync('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`)
			: [])
	];
	for (const file of files) {
		if (!existsSync(file)) continue;
		const text = readFileSync(file, 'utf8');
		const mirror = /^\s*(?:deb\s+(?:\[[^\]]*\]\s*)?|URIs:\s*)(https?:\/\/\S*debian\/?)(?=\s|$)/m.exec(text)?.[1];
		if (mirror && !mirror.includes('security')) return mirror;
	}
	return undefined;
}

function newerGlibc() {
	const dir = join(cache, 'glibc');
	const lib = join(dir, 'root');
	const mirror = debianMirror();
	const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
	if (!mirror || !has('apt-get') || !has('dpkg-deb'))
		throw new SetupError('No Debian mirror to fetch a newer glibc from.', 'use a system with glibc 2.38 or newer');
	if (!has('patchelf')) aptInstall(['patchelf'], 'it makes a private copy of Node use the newer glibc');
	const machine = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
	const loader = process.arch === 'arm64' ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2';
	const libDir = join(lib, 'usr', 'lib', machine);
	if (!existsSync(join(libDir, loader))) {
		say('fetching libc6, libstdc++6 and libgcc-s1 of Debian 13 into .cache/glibc: the native engine needs glibc 2.38');
		for (const name of ['state/lists/partial', 'cache/archives/partial', 'deb']) mkdirSync(join(dir, name), { recursive: true });
		// apt reads its paths from a file here, because the checkout may lie in a path with a space in it.
		writeFileSync(join(dir, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} trixie main\n`);
		const config = join(dir, 'apt.conf');
		writeFileSync(
			config,
			[
				`Dir::Etc::sourcelist "${join(dir, 'sources.list')}";`,
				'Dir::Etc::sourceparts "-";',
				`Dir::State "${join(dir, 'state')}";`,
				`Dir::Cache "${join(dir, 'cache')}";`,
				'APT::Sandbox::User "root";',
				'Acquire::Languages "none";'
			].join('\n')
		);
		const env = { ...process.env, APT_CONFIG: config };
		try {
			run('apt-get', ['update', '-qq'], { env });
			run('apt-get', ['download', '-qq', 'libc6', 'libstdc++6', 'libgcc-s1'], { env, cwd: join(dir, 'deb') });
		} catch (error) {
			throw new SetupError(
				`A newer glibc could not be fetched: ${String(error.stderr ?? error.message)
					.trim()
					.split('\n')
					.at(-1)}`,
				'npm run setup'
			);
		}
		// Unpacked aside and renamed, so that an interrupted run leaves nothing that looks complete.
		const partial = `${lib}.partial`;
		rmSync(partial, { recursive: true, force: true });
		for (const deb of readdirSync(join(dir, 'deb')))
			if (deb.endsWith('.deb')) run('dpkg-deb', ['-x', join(dir, 'deb', deb), partial]);
		rmSync(lib, { recursive: true, force: true });
		renameSync(partial, lib);
	}
	say('making the project’s own Node use the newer glibc');
	const copy = `${nodeBinary}.patched`;
	copyFileSync(nodeBinary, copy);
	chmodSync(copy, 0o755);
	run('patchelf', ['--set-interpreter', join(libDir, loader), '--set-rpath', libDir, copy]);
	renameSync(copy, nodeBinary);
}

/** Brings the native engine to life where it can be; gives the reason where it cannot. */
function engine() {
	if (engineLoads()) return undefined;
	if (process.platform !== 'linux') return 'uWebSockets.js does not load on this system';
	const version = glibc();
	if (version === 'undefined') return 'uWebSockets.js needs glibc, and this system has another C library';
	const [major, minor] = version?.split('.').map(Number) ?? [0, 0];
	if (major > NEEDED_GLIBC[0] || (major === NEEDED_GLIBC[0] && minor >= NEEDED_GLIBC[1]))
		return 'uWebSockets.js does not load, though glibc is new enough';
	try {
		newerGlibc();
	} catch (error) {
		return error.message;
	}
	return engineLoads() && childrenLoad() ? undefined : 'uWebSockets.js does not load with the newer glibc either';
}

function services() {
	const missing = [];
	if (!has('redis-server')) missing.push('redis-server');
	if (!existsSync('/usr/lib/postgresql') || readdirSync('/usr/lib/postgresql').length === 0) missing.push('postgresql');
	// nginx lies in a folder that only root has on its path.
	if (!has('nginx') && !existsSync('/usr/sbin/nginx')) missing.push('nginx-light');
	for (const name of ['caddy', 'chromium', 'openssl', 'wget']) if (!has(name)) missing.push(name);
	if (missing.length > 0) aptInstall(missing, 'tests run against real services, real proxies and a real browser');
}

/** Node raises its own limit as far as it may, which here is not far enough. */
function openFiles() {
	process.report.excludeNetwork = true;
	const most = Number(process.report.getReport().userLimits?.open_files.hard);
	if (most < NEEDED_FILES)
		throw new SetupError(
			`Tests open ${NEEDED_FILES} files and connections at once, and a process may open ${most} here.`,
			`ulimit -n ${NEEDED_FILES}`
		);
}

/** Everything that `npm start` needs; with `tests` what `npm test` needs, with `bench` what `npm run bench` needs. Throws with what to run by hand. */
export function setup({ tests = false, bench = false } = {}) {
	packages();
	const problem = engine();
	if (problem && (tests || bench))
		throw new SetupError(`The native engine is needed for tests and benchmarks. ${problem}`, 'npm run setup -- --tests');
	if (problem)
		say(`the native engine is not available, so the server will run on the node transport (${problem.split('\n')[0]})`);
	if (tests) {
		openFiles();
		services();
	}
	if (bench && !has('wrk')) aptInstall(['wrk'], 'it makes the HTTP requests of the benchmarks');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		setup({ tests: process.argv.includes('--tests') });
		say('ready');
	} catch (error) {
		console.error(`setup: ${error.message}`);
		process.exit(1);
	}
}
