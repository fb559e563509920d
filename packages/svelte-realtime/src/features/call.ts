import type { Feature } from '../runtime/host.ts';
import { guarded } from '../runtime/pipeline.ts';

/** `live(fn)`: guard, then the function. */
export const call: Feature<'call'> = {
	kind: 'call',
	install(_host, { definition, guard }) {
		const run = guarded(guard, definition.run);
		return {
			call: (context, args) => run(context, ...args),
			[Symbol.dispose]() {}
		};
	}
};
