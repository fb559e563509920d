import { atOnce } from './maybe.ts';

const SECRET = /token|secret|password|auth|session|cookie|jwt|credential/i;
const NEVER: ReadonlySet<string> = new Set(['constructor', 'prototype']);

/**
 * What others may see of somebody's user data when the app has not said it: a copy without anything whose name sounds secret or
 * internal, and without the address that the server itself adds. Bytes become `[bytes: n]`; a cycle is cut.
 */
function publicCopy(userData: unknown): Record<string, unknown> {
	if (typeof userData !== 'object' || userData === null) return {};
	const { remoteAddress: _, ...shown } = userData as Record<string, unknown>;
	return copy(shown, [userData]) as Record<string, unknown>;
}

function copy(value: unknown, above: readonly object[]): unknown {
	if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
	if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[bytes: ${value.byteLength}]`;
	if (above.includes(value)) return undefined;
	const path = [...above, value];
	if (Array.isArray(value)) return value.map((item) => copy(item, path));
	if ('toJSON' in value && typeof value.toJSON === 'function') return copy(value.toJSON(), path);
	const kept = Object.entries(value).filter(([name]) => !name.startsWith('__') && !NEVER.has(name) && !SECRET.test(name));
	return Object.fromEntries(kept.map(([name, item]) => [name, copy(item, path)]));
}

/** Uses the app's own `select` for what others may see, or `publicCopy`. Throws a TypeError when it gives no object. */
export function selectWith(plugin: string, select: ((userData: any) => object) | undefined): (userData: unknown) => object {
	if (!select) return publicCopy;
	return (userData) => {
		const selected: unknown = atOnce(`${plugin}: select`, select(userData));
		if (typeof selected === 'object' && selected !== null) return selected;
		throw new TypeError(`${plugin}: select gave ${selected === null ? 'null' : typeof selected}. Give an object.`);
	};
}
