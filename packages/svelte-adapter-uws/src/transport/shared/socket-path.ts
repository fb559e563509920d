import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/**
 * Makes room for a Unix domain socket: removes the file that a server which is gone has left. Rejects when somebody listens there, and
 * when the file is something else.
 */
export async function freeSocketPath(path: string): Promise<void> {
	const stats = lstatSync(path, { throwIfNoEntry: false });
	if (!stats) return;
	if (!stats.isSocket())
		throw new Error(`Cannot listen on ${path}: there is a file of another kind. Remove it, or set SOCKET_PATH to another path`);
	if (await isAnswered(path))
		throw new Error(`Cannot listen on ${path}: the path is taken. Stop what uses it, or set SOCKET_PATH to another path`);
	unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = connect(path);
		const settle = (answered: boolean) => (): void => {
			probe.destroy();
			resolve(answered);
		};
		probe.once('connect', settle(true)).once('error', (error: NodeJS.ErrnoException) => settle(error.code !== 'ECONNREFUSED')());
	});
}
