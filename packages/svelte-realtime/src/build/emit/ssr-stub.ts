import type { LiveModule } from '../scan/live-module.ts';
import { exportLine, windowsOf } from './export-line.ts';

/** The module that stands for a live module while pages are rendered: streams that can be loaded, calls that explain themselves. */
export function ssrStub(module: LiveModule): string {
	const lines = module.exports.flatMap((entry) => {
		const path = JSON.stringify(`${module.path}/${entry.name}`);
		if (entry.kind === 'call' || entry.kind === 'binary' || entry.kind === 'upload')
			return exportLine(entry.name, `ssrCall(${path})`);
		if (entry.kind === 'stream') return exportLine(entry.name, `ssrStream(${path}, ${entry.dynamic})`);
		if (entry.kind === 'room') return exportLine(entry.name, `ssrRoom(${path}, ${JSON.stringify(entry.shape)})`);
		if (entry.kind === 'windows')
			return exportLine(
				entry.name,
				windowsOf(module.path, entry, (own) => `ssrStream(${own}, false)`)
			);
		return [];
	});
	return [
		`import { ssrCall, ssrRoom, ssrStream } from 'svelte-realtime/ssr';`,
		`export { empty } from 'svelte-realtime/ssr';`,
		...lines,
		''
	].join('\n');
}
