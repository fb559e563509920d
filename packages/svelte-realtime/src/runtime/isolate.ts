import type { Context } from '../define/context.ts';
import type { Host } from './host.ts';
import { isThenable } from '../shared/thenable.ts';

/** Runs a callback of the app whose failure is only reported. Gives a promise only when it does, which never rejects. */
export function isolate(
	host: Pick<Host, 'onError'>,
	path: string,
	context: Context | undefined,
	run: () => unknown
): Promise<void> | undefined {
	const failed = (error: unknown): void => host.onError(path, error, context);
	try {
		const result = run();
		return isThenable(result) ? Promise.resolve(result).then(() => {}, failed) : undefined;
	} catch (error) {
		failed(error);
		return undefined;
	}
}
