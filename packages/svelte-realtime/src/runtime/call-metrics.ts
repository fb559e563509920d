import type { Instruments } from '../define/app-settings.ts';
import { CODES, isLiveError } from '../shared/error.ts';
import { isPath } from '../shared/path.ts';

/** Codes of the app's own that are told apart; others are `__other__`. */
const MAX_CODES = 100;

/** Keeps the labels of calls few, whatever clients ask for. */
export class CallMetrics {
	readonly #codes = new Set<string>();

	/** Counts an answer. `isKnown`: the path is that of an export. */
	record(
		instruments: Instruments,
		path: string,
		outcome: { readonly error?: unknown; readonly isKnown: boolean; readonly ms: number }
	): void {
		const { isKnown, ms } = outcome;
		const label = isKnown || path === '__batch__' ? path : isPath(path) ? '__unknown__' : '__invalid__';
		instruments.call(label, 'error' in outcome ? this.#codeOf(outcome.error) : undefined, ms);
	}

	#codeOf(error: unknown): string {
		if (!isLiveError(error)) return 'INTERNAL_ERROR';
		const code = String(error.code);
		if (Object.hasOwn(CODES, code) || this.#codes.has(code)) return code;
		if (this.#codes.size >= MAX_CODES) return '__other__';
		this.#codes.add(code);
		return code;
	}
}
