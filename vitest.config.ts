import { defineConfig } from 'vitest/config';

const slow = { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false, expect: { poll: { timeout: 15_000 } } };

export default defineConfig({
	test: {
		maxWorkers: 2,
		projects: [
			{
				test: {
					name: 'unit',
					include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
					testTimeout: 30_000
				}
			},
			{ test: { name: 'packaging', include: ['tests/packaging/*.test.ts'], ...slow } },
			{ test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], ...slow } }
		]
	}
});
