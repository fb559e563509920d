import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Requests `path` over 32 connections for `ms` after a warm-up, with `wrk`. Gives requests per second. */
export async function httpLoad(
	port: number,
	path: string,
	ms: number,
	measured: <T>(run: () => Promise<T>) => Promise<T>
): Promise<number> {
	const seconds = Math.max(1, Math.round(ms / 1_000));
	const args = ['-t1', '-c32', `-d${seconds}s`, `http://127.0.0.1:${port}${path}`];
	const wrk = async (): Promise<string> => (await run('wrk', args)).stdout;
	await wrk();
	const output = await measured(wrk);
	const problem = /Non-2xx.*|Socket errors.*/.exec(output)?.[0];
	if (problem !== undefined) throw new Error(`${path}: ${problem}`);
	return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)![1]);
}
