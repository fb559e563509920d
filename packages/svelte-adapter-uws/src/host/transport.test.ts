import { expect, it, vi } from 'vitest';
import type { Log } from '../contract/log.ts';
import type { Transport } from '../contract/transport.ts';
import { chooseTransport, refuseNodeOnly } from './transport.ts';

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

it('refuses what the native engine has no setting for, and says which transport has', () => {
	const none = { listenFd: undefined, keepAliveTimeoutMs: undefined, headersTimeoutMs: undefined };
	const named = (name: string): Transport => ({ name, listen: () => Promise.reject(new Error('not here')) });
	const [uws, node] = [named('uws'), named('node')];
	expect(() => refuseNodeOnly(uws, none, '')).not.toThrow();
	expect(() => refuseNodeOnly(node, { listenFd: 3, keepAliveTimeoutMs: 1, headersTimeoutMs: 1 }, '')).not.toThrow();
	expect(() => refuseNodeOnly(uws, { ...none, keepAliveTimeoutMs: 0, headersTimeoutMs: 1 }, 'APP_')).toThrow(
		/^APP_KEEP_ALIVE_TIMEOUT, APP_HEADERS_TIMEOUT: the native transport cannot do that.* Set APP_TRANSPORT=node, or unset them\.$/
	);
	expect(() => refuseNodeOnly(uws, { ...none, listenFd: 3 }, 'APP_')).toThrow(/^LISTEN_FDS: .* or unset it\.$/);
});
