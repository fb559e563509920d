import type { Memory } from '../core/pressure.ts';

/** What this process uses. The limit of the heap is what it dies of; the total is only what it happens to hold now. */
export function readMemory(): Memory {
	// Loaded on first use: the first sample is taken when the server already answers.
	const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = process.getBuiltinModule('node:v8').getHeapStatistics();
	return { heapUsed, heapLimit, resident: resident() };
}

function resident(): number {
	try {
		return process.memoryUsage.rss();
	} catch {
		// It is read from a file, which a process with too many open ones cannot open. The peak is known without.
		return process.resourceUsage().maxRSS * 1_024;
	}
}
