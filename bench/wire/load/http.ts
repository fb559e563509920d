import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Node needs some ten thousand requests until its compiler has seen all of what SvelteKit and undici do. */
const WARM_UP_SECONDS = 5;

/** Requests `url` over 32 connections for `ms` after a warm-up, with `wrk`. Gives requests per second. */
export async function httpLoad(url: string, ms: number, measured: <T>(run: () => Promise<T>) => Promise<T>): Promise<number> {
	const wrk = async (seconds: number): Promise<string> => (await run('wrk', ['-t1', '-c32', `-d${seconds}s`, url])).stdout;
	await wrk(WARM_UP_SECONDS);
	const output = await measured(() => wrk(Math.max(1, Math.round(ms / 1_000))));
	const problem = /Non-2xx.*|Socket errors.*/.exec(output)?.[0];
	if (problem !== undefined) throw new Error(`${url}: ${problem}`);
	return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)![1]);
}
