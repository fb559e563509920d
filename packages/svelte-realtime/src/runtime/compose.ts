import type { Handler, Step } from '../define/definition.ts';
import type { Host, StepFeature } from './host.ts';

/** Puts wrappers around the function of an export, the outermost first. */
export type Compose = (host: Host, path: string, wrappers: readonly Step[], run: Handler) => Handler;

/** Composes wrappers of these kinds; `what` is named where one is of another. */
export function composer(what: string, steps: readonly StepFeature[]): Compose {
	const known: ReadonlyMap<string, StepFeature> = new Map(steps.map((feature) => [feature.step, feature]));
	return (host, path, wrappers, run) => {
		const at = { ...host, path };
		let handler: Handler = run;
		for (const { step, options } of wrappers.toReversed()) {
			const feature = known.get(step);
			if (!feature)
				throw new TypeError(`[svelte-realtime] ${path}: nothing handles the wrapper ${step}. Give ${what} the step that does.`);
			handler = feature.wrap(at, options, handler);
		}
		return handler;
	};
}
