import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Log } from '../contract/log.ts';
import { manualClock } from './clock.ts';
import { createEnd, endWhenIdle, shutDown, type ShutdownParts } from './shutdown.ts';

const never = () => new Promise<never>(() => {});

function setUp(change: Partial<ShutdownParts> = {}) {
	const clock = manualClock();
	const steps: string[] = [];
	const log = {
		debug: vi.fn<Log['debug']>(),
		info: vi.fn<Log['info']>(),
		warn: vi.fn<Log['warn']>(),
		error: vi.fn<Log['error']>()
	};
	const step = (name: string) => async (): Promise<void> => void steps.push(name);
	const parts: ShutdownParts = {
		announce: () => void steps.push('announce'),
		drain: step('drain'),
		idle: step('idle'),
		dispose: step('dispose'),
		delayMs: 0,
		timeoutMs: 1000,
		clock,
		log,
		...change
	};
	return { clock, steps, log, parts };
}

afterEach(() => void process.removeAllListeners('sveltekit:shutdown'));

it('goes through the steps in order, and tells the app after the answers', async () => {
	const { parts, steps, clock, log } = setUp();
	process.on('sveltekit:shutdown', (reason) => void steps.push(`app ${String(reason)}`));
	await shutDown('SIGTERM', parts);
	expect(steps).toEqual(['announce', 'drain', 'idle', 'app SIGTERM', 'dispose']);
	expect(clock.pending).toBe(0);
	expect(log.warn).not.toHaveBeenCalled();
});

it('goes on serving for the delay', async () => {
	const { parts, steps, clock } = setUp({ delayMs: 500 });
	const done = shutDown('SIGTERM', parts);
	clock.advance(499);
	await Promise.resolve();
	expect(steps).toEqual(['announce']);
	clock.advance(1);
	await done;
	expect(steps).toContain('drain');
});

it('awaits what listeners of the app return, and survives one that throws', async () => {
	const { parts, steps, log } = setUp();
	process.on('sveltekit:shutdown', () => {
		throw new Error('no');
	});
	process.once('sveltekit:shutdown', async () => {
		await new Promise((resolve) => setImmediate(resolve));
		steps.push('closed the database');
	});
	await shutDown('SIGTERM', parts);
	expect(steps).toEqual(['announce', 'drain', 'idle', 'closed the database', 'dispose']);
	expect(log.error).toHaveBeenCalledOnce();
});

it('waits no longer than the timeout for all steps together, and says which one it left', async () => {
	const { parts, steps, clock, log } = setUp({ idle: never });
	process.on('sveltekit:shutdown', () => void steps.push('app'));
	const done = shutDown('SIGTERM', parts);
	await vi.waitFor(() => expect(clock.pending).toBe(1));
	await vi.waitFor(() => {
		clock.advance(1000);
		expect(steps).toContain('dispose');
	});
	await done;
	expect(steps).toContain('app');
	expect(log.warn).toHaveBeenCalledWith('Waiting for answers under way took longer than SHUTDOWN_TIMEOUT; going on without it');
});

it('goes on when a step fails', async () => {
	const { parts, steps, log } = setUp({ drain: () => Promise.reject(new Error('no')) });
	await shutDown('SIGTERM', parts);
	expect(steps).toEqual(['announce', 'idle', 'dispose']);
	expect(log.error).toHaveBeenCalledWith('Closing the WebSockets failed; going on', expect.any(Error));
});

describe('the end of the process', () => {
	const exit = vi.spyOn(process, 'exit');
	beforeEach(() => void exit.mockReset().mockImplementation(() => undefined as never));
	afterAll(() => exit.mockRestore());

	it('comes with 0 once the shutdown has finished, and not before', async () => {
		const shut = Promise.withResolvers<void>();
		const reasons: string[] = [];
		const end = createEnd(manualClock(), (reason) => {
			reasons.push(reason);
			return shut.promise;
		});
		end('SIGTERM');
		await Promise.resolve();
		expect(exit).not.toHaveBeenCalled();
		shut.resolve();
		await vi.waitFor(() => expect(exit.mock.calls).toEqual([[0]]));
		expect(reasons).toEqual(['SIGTERM']);
	});

	it('comes at once, with 1, for whoever asks again, and not for the echo of one signal', () => {
		const clock = manualClock();
		const end = createEnd(clock, never);
		end('SIGTERM');
		end('SIGTERM');
		clock.advance(999);
		end('SIGINT');
		expect(exit).not.toHaveBeenCalled();
		clock.advance(1);
		end('SIGTERM');
		expect(exit.mock.calls).toEqual([[1]]);
	});
});

it('ends an idle server, and not one that was asked meanwhile or is busy', () => {
	const clock = manualClock();
	const ends: string[] = [];
	let requests = 0;
	let busy = false;
	endWhenIdle((reason) => void ends.push(reason), clock, { ms: 100, requests: () => requests, isBusy: () => busy });
	requests = 1;
	clock.advance(100);
	busy = true;
	clock.advance(100);
	expect(ends).toEqual([]);
	busy = false;
	clock.advance(100);
	expect(ends).toEqual(['IDLE']);
	clock.advance(1000);
	expect([ends, clock.pending]).toEqual([['IDLE'], 0]);
});
