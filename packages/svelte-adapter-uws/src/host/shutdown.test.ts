import { afterEach, expect, it, vi } from 'vitest';
import type { Log } from '../contract/log.ts';
import { manualClock } from './clock.ts';
import { shutDown, type ShutdownParts } from './shutdown.ts';

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
