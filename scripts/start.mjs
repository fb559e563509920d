// `npm start`: makes the checkout ready, builds what has changed, and serves the demo board.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildBoard, buildPackages } from './build.mjs';
import { nodeBinary, root, setup } from './setup.mjs';

const board = join(root, 'examples', 'board');

function serve() {
	const port = process.env.PORT || '3000';
	const data = process.env.DATA_DIR || join(board, 'data');
	console.log(`start: the board keeps its data in ${data} (DATA_DIR)`);
	// A group of its own: Ctrl+C in a terminal reaches every process of a group, and a second signal ends the server at once.
	const server = spawn(nodeBinary, ['build'], { cwd: board, env: { ...process.env, PORT: port, DATA_DIR: data }, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
	server.stdout.on('data', (chunk) => {
		process.stdout.write(chunk);
		const listening = /Listening on (\w+):\/\/[^\s]*?:(\d+)/.exec(chunk.toString());
		if (listening) console.log(`Open ${listening[1]}://localhost:${listening[2]}`);
	});
	for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
	server.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

try {
	setup();
	buildPackages();
	buildBoard();
	serve();
} catch (error) {
	console.error(`start: ${error.message}`);
	process.exit(1);
}
