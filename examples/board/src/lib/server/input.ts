import { LiveError } from 'svelte-realtime/server';
import { BOARD, COLORS, NOTE, type BoardSummary, type Color } from '#lib/types.ts';
import { store } from './store.ts';

/** A trimmed text of 1 to `max` characters, or a `VALIDATION` error that names `field`. */
export function text(value: unknown, field: string, max: number): string {
	const trimmed = typeof value === 'string' ? value.trim() : '';
	if (trimmed.length === 0 || trimmed.length > max)
		throw new LiveError('VALIDATION', `${field} must have 1 to ${max} characters.`);
	return trimmed;
}

/** A whole coordinate that keeps a note on the board. */
export function coordinate(value: unknown, axis: 'x' | 'y'): number {
	if (typeof value !== 'number' || !Number.isFinite(value)) throw new LiveError('VALIDATION', `${axis} must be a number.`);
	const max = axis === 'x' ? BOARD.width - NOTE.width : BOARD.height - NOTE.height;
	return Math.round(Math.min(Math.max(value, 0), max));
}

export function color(value: unknown): Color {
	const found = COLORS.find((name) => name === value);
	if (!found) throw new LiveError('VALIDATION', `color must be one of ${COLORS.join(', ')}.`);
	return found;
}

/** The board with that id, or a `NOT_FOUND` error. */
export function board(id: unknown): BoardSummary {
	const found = typeof id === 'string' ? store().board(id) : undefined;
	if (!found) throw new LiveError('NOT_FOUND', 'This board does not exist any more.');
	return found;
}
