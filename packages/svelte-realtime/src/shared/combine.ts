type Missing = null | undefined;

const isThere = <T>(value: T | Missing): value is T => value !== null && value !== undefined;

/** `combine` for sums and counts. What is missing counts as 0. */
export function combineSum(...parts: readonly (number | Missing)[]): number {
	return parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

/** `combine` for maxima. What is missing is left out; 0 when nothing is there. */
export function combineMax(...parts: readonly (number | Missing)[]): number {
	const there = parts.filter(isThere);
	return there.length === 0 ? 0 : Math.max(...there);
}

/** `combine` for minima. What is missing is left out; 0 when nothing is there. */
export function combineMin(...parts: readonly (number | Missing)[]): number {
	const there = parts.filter(isThere);
	return there.length === 0 ? 0 : Math.min(...there);
}

/** `combine` for counts by key: adds them up, key by key. */
export function combineCounts(...parts: readonly (Readonly<Record<string, number>> | Missing)[]): Record<string, number> {
	const counts = new Map<string, number>();
	for (const part of parts)
		for (const [key, count] of Object.entries(part ?? {})) counts.set(key, (counts.get(key) ?? 0) + count);
	return Object.fromEntries(counts);
}

/** `combine` for objects: all their fields, the later part wins. */
export function combineMerge<Part extends object>(...parts: readonly (Part | Missing)[]): Part {
	return Object.fromEntries(parts.flatMap((part) => Object.entries(part ?? {}))) as Part;
}
