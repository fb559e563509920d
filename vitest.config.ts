import { defineConfig } from 'vitest/config';

// Bounds of waits are for what never comes: a machine with much else to do may well need more than the second that is usual.
const all = { setupFiles: ['scripts/test-bounds.ts'], expect: { poll: { timeout: 15_000 } } };
const slow = { ...all, testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false };

export default defineConfig({
	test: {
		maxWorkers: 2,
		projects: [
			{
				test: {
					name: 'unit',
					include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
					testTimeout: 60_000,
					...all
				}
			},
			{ test: { name: 'packaging', include: ['tests/packaging/*.test.ts'], ...slow } },
			{ test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], ...slow } }
		]
	}
});
