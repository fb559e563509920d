// `npm start`: makes the checkout ready, builds what has changed, and serves the demo board.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { buildApp, buildPackages } from './build.mjs';
import { nodeBinary, root, setup } from './setup.mjs';

const board = join(root, 'examples', 'board');
/** One Ctrl+C reaches this process from the terminal and once more from npm, which passes on what it gets itself. */
const SAME_SIGNAL_MS = 300;

function serve() {
	const env = { ...process.env, PORT: process.env.PORT || '3000', DATA_DIR: process.env.DATA_DIR || join(board, 'data') };
	console.log(`start: the board keeps its data in ${env.DATA_DIR} (DATA_DIR)`);
	const preload = pathToFileURL(join(root, 'scripts', 'end-with-parent.mjs')).href;
	// A group of its own: a terminal sends Ctrl+C to every process of a group, and a second signal ends the server at once.
	const server = spawn(nodeBinary, ['--import', preload, 'build'], {
		cwd: board,
		env,
		stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
		detached: true
	});
	createInterface({ input: server.stdout }).on('line', (line) => {
		console.log(line);
		const listening = /^Listening on (https?):\/\/\S*:(\d+)/.exec(line);
		if (listening) console.log(`Open ${listening[1]}://localhost:${listening[2]}`);
	});
	const passedOn = new Map();
	const passOn = (signal) => {
		const now = performance.now();
		if (now - (passedOn.get(signal) ?? -Infinity) < SAME_SIGNAL_MS) return;
		passedOn.set(signal, now);
		server.kill(signal);
	};
	// The server ends in order on SIGINT and SIGTERM only.
	process
		.on('SIGINT', passOn)
		.on('SIGTERM', passOn)
		.on('SIGHUP', () => passOn('SIGTERM'));
	// An npm that is killed cannot pass anything on.
	const parent = process.ppid;
	const watch =
		process.env.npm_lifecycle_event &&
		setInterval(() => process.ppid !== parent && (clearInterval(watch), passOn('SIGTERM')), 500);
	server.on('error', (error) => {
		console.error(`start: the server did not start: ${error.message}`);
		process.exit(1);
	});
	server.on('close', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

try {
	setup();
	buildPackages();
	buildApp('examples/board');
	serve();
} catch (error) {
	console.error(`start: ${error.message}`);
	process.exit(1);
}
