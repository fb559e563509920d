const UNSAFE = ['__proto__', 'constructor', 'prototype'] as const;

/** The identity of a row: its own field `key` when that holds a string, number, boolean or bigint; otherwise `undefined`. */
export function keyOf(row: unknown, key: string): unknown {
	if (typeof row !== 'object' || row === null || !Object.hasOwn(row, key)) return undefined;
	const value = (row as Record<string, unknown>)[key];
	return typeof value === 'object' ? undefined : value;
}

/** A row without own fields that could pass for its prototype; the same reference when it has none. */
export function cleanRow(row: unknown): unknown {
	if (typeof row !== 'object' || row === null || Array.isArray(row) || !UNSAFE.some((name) => Object.hasOwn(row, name)))
		return row;
	const copy = { ...row } as Record<string, unknown>;
	for (const name of UNSAFE) delete copy[name];
	return copy;
}
