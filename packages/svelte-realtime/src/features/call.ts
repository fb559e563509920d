import type { Feature } from '../runtime/host.ts';

/** `live(fn)`. */
export const call: Feature<'call'> = {
	kind: 'call',
	install: (_host, { definition: { run } }) => ({
		call: (context, args) => run(context, ...args),
		[Symbol.dispose]() {}
	})
};
