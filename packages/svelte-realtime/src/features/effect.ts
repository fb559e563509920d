import type { Feature } from '../runtime/host.ts';
import { Debounce } from '../runtime/debounce.ts';

/** `live.effect(sources, run, options)`. */
export const effect: Feature<'effect'> = {
	kind: 'effect',
	install(host, { path, definition: { sources, run, options } }) {
		const quiet = new Debounce(host, options.debounce ?? 0);
		const isEverywhere = options.scope === 'every-instance';
		const reacting = host.react(path, sources, ({ envelope, origin, run: answer }) => {
			if (origin === 'remote' && !isEverywhere) return;
			const { topic, event, data } = envelope;
			quiet.call(() => answer(() => run(event, data, host.platform, topic)));
		});
		return {
			[Symbol.dispose]() {
				quiet[Symbol.dispose]();
				reacting[Symbol.dispose]();
			}
		};
	}
};
