import { getHeapStatistics } from 'node:v8';
import type { Memory } from '../core/pressure.ts';

/** What this process uses. The limit of the heap is what it dies of; the total is only what it happens to hold now. */
export function readMemory(): Memory {
	const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
	return { heapUsed, heapLimit, resident: process.memoryUsage.rss() };
}
