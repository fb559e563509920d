import { defineConfig } from 'vitest/config';

/** Waits are bounded for what never comes: a machine with much else to do may well need more than the second that is usual. */
const bounds = (testTimeout: number) => ({
	setupFiles: ['scripts/test-environment.ts', 'scripts/test-bounds.ts'],
	testTimeout,
	hookTimeout: testTimeout,
	expect: { poll: { timeout: testTimeout / 2 } },
	provide: { patienceMs: testTimeout / 2 }
});
const slow = { ...bounds(120_000), fileParallelism: false };

export default defineConfig({
	test: {
		maxWorkers: 2,
		projects: [
			{
				test: {
					name: 'unit',
					include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
					...bounds(60_000)
				}
			},
			{ test: { name: 'packaging', include: ['tests/packaging/*.test.ts'], globalSetup: 'tests/packaging/clean.ts', ...slow } },
			{ test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], ...slow } }
		]
	}
});
