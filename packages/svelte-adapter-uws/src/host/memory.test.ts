import { getHeapStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { readMemory } from './memory.ts';

it('measures the heap against its limit, which a healthy process is far from however full its heap is', () => {
	const { heapUsed, heapLimit, resident } = readMemory();
	expect(heapLimit).toBe(getHeapStatistics().heap_size_limit);
	expect(heapUsed / heapLimit).toBeLessThan(0.85);
	expect(resident).toBeGreaterThan(heapUsed / 2);
});
