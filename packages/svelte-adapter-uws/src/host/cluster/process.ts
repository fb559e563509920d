import cluster from 'node:cluster';
import type { Log } from '../../contract/log.ts';
import { processChannel } from './channel.ts';
import type { WorkerProcess } from './slot.ts';
import { ASSIGNMENT, type Assignment } from './worker.ts';

/** Sets how worker processes are started: `file`, with the arguments and Node options of this process. */
export function prepareProcesses(file: string): void {
	cluster.setupPrimary({ exec: file, args: process.argv.slice(2), serialization: 'advanced' });
}

/**
 * Starts one worker. Processes and not threads, because the engine ends the whole process when a thread that it runs in ends,
 * whatever for.
 */
export function spawnWorker(assignment: Assignment, log: Log): WorkerProcess {
	const worker = cluster.fork({ [ASSIGNMENT]: JSON.stringify(assignment) });
	const { process: child } = worker;
	const kill = (): void => void child.kill('SIGKILL');
	const channel = processChannel(child, (waiting) => {
		log.error(
			`Worker ${assignment.id} (process ${child.pid}) does not take what is relayed to it, ${waiting} bytes so far: ending it.`
		);
		kill();
	});
	return {
		pid: child.pid,
		node: assignment.node,
		channel,
		kill,
		onExit(ended) {
			let hasEnded = false;
			const end = (how: string): void => {
				if (!hasEnded) ended(how);
				hasEnded = true;
			};
			child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
			child.on('error', (error) => {
				// Only a process that never was has no exit.
				if (child.pid === undefined) end(error.message);
			});
		}
	};
}
