import type { Binary, Call, Handler, Upload } from '../define/definition.ts';
import type { Feature, Host, Installed, StepFeature } from '../runtime/host.ts';

/** `live(fn)`, in wrappers of these kinds. */
export function createCall(steps: readonly StepFeature[]): Feature<'call'> {
	const compose = composer('createCall', steps);
	return {
		kind: 'call',
		install(host, { path, definition }) {
			const handler = compose(host, path, definition);
			return { call: (context, args) => handler(context, ...args), ...traits(definition), [Symbol.dispose]() {} };
		}
	};
}

/** `live.binary(fn)`, in wrappers of these kinds. */
export function createBinary(steps: readonly StepFeature[]): Feature<'binary'> {
	const compose = composer('createBinary', steps);
	return {
		kind: 'binary',
		install(host, { path, definition }) {
			const handler = compose(host, path, definition);
			return {
				maxBytes: definition.maxSize,
				call: (context, args) => handler(context, ...args),
				...traits(definition),
				[Symbol.dispose]() {}
			};
		}
	};
}

/** `live.upload(fn)`, in wrappers of these kinds. */
export function createUpload(steps: readonly StepFeature[]): Feature<'upload'> {
	const compose = composer('createUpload', steps);
	return {
		kind: 'upload',
		install(host, { path, definition }) {
			const handler = compose(host, path, definition);
			return {
				upload: { limits: definition.limits, run: (context, args) => handler(context, ...args) },
				...traits(definition),
				[Symbol.dispose]() {}
			};
		}
	};
}

/** What the wrappers of a definition say to those who call it. */
function traits({ steps }: Pick<Call, 'steps'>): Pick<Installed, 'isLimited' | 'isVolatile'> {
	const has = (name: string): boolean => steps.some(({ step }) => step === name);
	return { isLimited: has('rateLimit'), isVolatile: has('volatile') };
}

/** Puts the wrappers of a definition around its function, the outermost first. */
function composer(
	what: string,
	steps: readonly StepFeature[]
): (host: Host, path: string, definition: Pick<Call | Binary | Upload, 'run' | 'steps'>) => Handler {
	const known: ReadonlyMap<string, StepFeature> = new Map(steps.map((feature) => [feature.step, feature]));
	return (host, path, { run, steps: wrappers }) => {
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
