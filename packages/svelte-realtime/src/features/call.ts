import type { Feature, StepFeature } from '../runtime/host.ts';

/** `live(fn)`, in wrappers of these kinds. */
export function createCall(steps: readonly StepFeature[]): Feature<'call'> {
	const known: ReadonlyMap<string, StepFeature> = new Map(steps.map((feature) => [feature.step, feature]));
	return {
		kind: 'call',
		install(host, { path, definition: { run, steps: wrappers } }) {
			let handler = run;
			for (const { step, options } of wrappers.toReversed()) {
				const feature = known.get(step);
				if (!feature)
					throw new TypeError(
						`[svelte-realtime] ${path}: nothing handles the wrapper ${step}. Give createCall the step that does.`
					);
				handler = feature.wrap(host, options, handler);
			}
			return { call: (context, args) => handler(context, ...args), [Symbol.dispose]() {} };
		}
	};
}
