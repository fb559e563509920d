import type { Call } from '../define/definition.ts';
import { composer } from '../runtime/compose.ts';
import type { Feature, Installed, StepFeature } from '../runtime/host.ts';

/** `live(fn)`, in wrappers of these kinds. */
export function createCall(steps: readonly StepFeature[]): Feature<'call'> {
	const compose = composer('createCall', steps);
	return {
		kind: 'call',
		install(host, { path, definition }) {
			const handler = compose(host, path, definition.steps, definition.run);
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
			const handler = compose(host, path, definition.steps, definition.run);
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
			const handler = compose(host, path, definition.steps, definition.run);
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
