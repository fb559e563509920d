/** The order of a list that `pipe.sort` keeps. */
export interface Sort {
	readonly field: string;
	readonly direction: 'asc' | 'desc';
}

/** The items in their order; items that are equal stay as they stand, and those without a value come last. */
export function sorted(items: readonly unknown[], { field, direction }: Sort): unknown[] {
	const sign = direction === 'desc' ? -1 : 1;
	return items.toSorted((a, b) => compare(read(a, field), read(b, field), sign));
}

function compare(a: any, b: any, sign: number): number {
	const [isA, isB] = [a === null || a === undefined, b === null || b === undefined];
	if (isA || isB) return Number(isA) - Number(isB);
	return a < b ? -sign : a > b ? sign : 0;
}

function read(item: unknown, field: string): unknown {
	return typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[field] : undefined;
}
