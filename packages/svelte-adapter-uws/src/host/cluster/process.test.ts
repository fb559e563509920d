import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryLog } from '../../../test/support/log.ts';
import { spawnWorker } from './process.ts';

const MESSAGES = 5_000;
const WORKER = `
	for (let n = 1; n <= ${MESSAGES}; n++) {
		const message = { svelteAdapterUws: { type: 'ready', port: n } };
		process.send(message, n === ${MESSAGES} ? () => process.kill(process.pid, 'SIGKILL') : () => {});
	}
`;

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'worker '))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('has ended once all that it said has been heard', async () => {
	const file = join(directory, 'worker.mjs');
	writeFileSync(file, WORKER);
	const worker = spawnWorker(file, { id: 1, node: 'one', port: 1, mode: 'reuseport' }, memoryLog());
	let heard = 0;
	worker.channel.listen(() => heard++);
	const how = await new Promise<string>((resolve) => worker.onExit(resolve));
	expect([how, heard]).toEqual(['SIGKILL', MESSAGES]);
});

it('has ended when it could not be started', async () => {
	const worker = spawnWorker(join(directory, 'missing.mjs'), { id: 1, node: 'one', port: 1, mode: 'reuseport' }, memoryLog());
	const how = await new Promise<string>((resolve) => worker.onExit(resolve));
	expect(how).toBe('exit code 1');
});
