import { expect, it, vi } from 'vitest';
import type { Log } from '../contract/log.ts';
import { chooseTransport } from './transport.ts';

function recordingLog(): Log & { readonly warnings: string[] } {
	const warnings: string[] = [];
	return { debug: vi.fn(), info: vi.fn(), error: vi.fn(), warn: (message) => void warnings.push(message), warnings };
}
const missing = () => Promise.reject(new Error('uWebSockets.js does not load: no such module. Install it with: …'));

it('takes the native transport where it loads', async () => {
	const log = recordingLog();
	expect((await chooseTransport(undefined, log)).name).toBe('uws');
	expect((await chooseTransport('uws', log)).name).toBe('uws');
	expect(log.warnings).toEqual([]);
});

it('says in one line that it runs on node where the native one does not load', async () => {
	const log = recordingLog();
	expect((await chooseTransport(undefined, log, missing)).name).toBe('node');
	expect(log.warnings).toEqual([
		'Running on the node transport. uWebSockets.js does not load: no such module. Install it with: …'
	]);
});

it('does not fall back from what was forced, and does not load what was not asked for', async () => {
	const log = recordingLog();
	await expect(chooseTransport('uws', log, missing)).rejects.toThrow('Install it with');
	const load = vi.fn(missing);
	expect((await chooseTransport('node', log, load)).name).toBe('node');
	expect(load).not.toHaveBeenCalled();
});
