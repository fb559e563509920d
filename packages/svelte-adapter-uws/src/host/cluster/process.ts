import { fork } from 'node:child_process';
import type { Log } from '../../contract/log.ts';
import { handOver, processChannel } from './channel.ts';
import type { WorkerProcess } from './slot.ts';
import { ASSIGNMENT, type Assignment } from './worker.ts';

/**
 * Starts `file` as a worker, with the arguments and Node options of this process. Processes and not threads, because the engine
 * ends the whole process when a thread that it runs in ends, whatever for.
 */
export function spawnWorker(file: string, assignment: Assignment, log: Log): WorkerProcess {
	const isInspected = process.execArgv.some((option) => option.startsWith('--inspect'));
	const child = fork(file, process.argv.slice(2), {
		serialization: 'advanced',
		env: { ...process.env, [ASSIGNMENT]: JSON.stringify(assignment) },
		// Two processes cannot have one port for the debugger.
		execArgv: isInspected ? [...process.execArgv, '--inspect-port=0'] : process.execArgv
	});
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
		hand: (id, connection) => handOver(child, id, connection),
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
