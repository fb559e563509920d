import { describe, expect, it } from 'vitest';
import { memoryLog } from '../../../test/support/log.ts';
import { planCluster, type ClusterMode } from './plan.ts';

function plan(platform: NodeJS.Platform, mode?: ClusterMode, transport?: 'uws' | 'node') {
	const log = memoryLog();
	const { lines } = log;
	return {
		...planCluster(
			{ cluster: { workers: 2, mode }, transport, socketPath: undefined, listenFd: undefined },
			{ platform, prefix: 'MY_', log }
		),
		lines
	};
}

describe('on Linux', () => {
	it('shares the port, on either transport', () => {
		expect(plan('linux')).toEqual({ workers: 2, mode: 'reuseport', transport: undefined, lines: [] });
		expect(plan('linux', 'reuseport', 'uws')).toMatchObject({ mode: 'reuseport', transport: 'uws', lines: [] });
		expect(plan('linux', undefined, 'node')).toMatchObject({ mode: 'reuseport', transport: 'node', lines: [] });
	});

	it('lets the primary accept when asked to', () => {
		expect(plan('linux', 'acceptor', 'node')).toMatchObject({ mode: 'acceptor', transport: 'node', lines: [] });
		expect(plan('linux', 'acceptor').lines).toEqual([['info', expect.stringContaining('node transport')]]);
	});

	it('refuses to hand connections to the engine', () => {
		expect(() => plan('linux', 'acceptor', 'uws')).toThrow('Unset MY_CLUSTER_MODE, or set MY_TRANSPORT=node');
	});
});

it('refuses sockets that workers cannot share', () => {
	const asked = { cluster: { workers: 2, mode: undefined }, transport: undefined, socketPath: undefined, listenFd: undefined };
	const on = { platform: 'linux', prefix: 'MY_', log: memoryLog() } as const;
	expect(() => planCluster({ ...asked, socketPath: '/run/app.sock' }, on)).toThrow('MY_SOCKET_PATH: got a socket');
	expect(() => planCluster({ ...asked, listenFd: 3 }, on)).toThrow('LISTEN_FDS: got a socket');
});

describe.each(['darwin', 'win32'] as const)('on %s', (platform) => {
	it('lets the primary accept', () => {
		expect(plan(platform, undefined, 'node')).toMatchObject({ mode: 'acceptor', transport: 'node', lines: [] });
	});

	it('falls back from reuseport with one warning', () => {
		const { mode, lines } = plan(platform, 'reuseport', 'node');
		expect([mode, lines]).toEqual(['acceptor', [['warn', expect.stringContaining('needs Linux')]]]);
	});

	it('refuses the engine', () => {
		expect(() => plan(platform, undefined, 'uws')).toThrow('Unset MY_CLUSTER_WORKERS, or set MY_TRANSPORT=node');
	});
});
