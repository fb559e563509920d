import type { SocketOptions } from '../../contract/transport.ts';

const MAX_BYTES = 2_147_483_647;

/**
 * Throws a RangeError for limits that no transport may be given: the native engine ends the process over some of them
 * instead of throwing.
 */
export function checkSocketOptions({ path, idleTimeout, maxPayloadLength, maxBackpressure }: SocketOptions): void {
	expectThat(/^\/[^?#\s]*$/.test(path), 'path', path, 'a path that starts with /');
	expectThat(idleTimeout === 0 || isWhole(idleTimeout, 8, 960), 'idleTimeout', idleTimeout, '0 or 8 to 960 seconds');
	expectThat(isWhole(maxPayloadLength, 1, MAX_BYTES), 'maxPayloadLength', maxPayloadLength, `1 to ${MAX_BYTES} bytes`);
	expectThat(isWhole(maxBackpressure, 1, MAX_BYTES), 'maxBackpressure', maxBackpressure, `1 to ${MAX_BYTES} bytes`);
}

function isWhole(value: number, min: number, max: number): boolean {
	return Number.isInteger(value) && value >= min && value <= max;
}

function expectThat(holds: boolean, name: string, value: unknown, expected: string): void {
	if (!holds) throw new RangeError(`${name}: got ${String(value)}, expected ${expected}.`);
}
