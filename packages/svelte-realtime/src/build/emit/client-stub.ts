import type { LiveModule } from '../scan/live-module.ts';
import { exportLine, windowsOf } from './export-line.ts';

/** The module that stands for a live module in the browser: no code of the server, only names. */
export function clientStub(module: LiveModule): string {
	const lines = module.exports.flatMap((entry) => {
		const path = JSON.stringify(`${module.path}/${entry.name}`);
		if (entry.kind === 'call') return exportLine(entry.name, `__rpc(${path})`);
		if (entry.kind === 'upload') return exportLine(entry.name, `__upload(${path})`);
		if (entry.kind === 'binary') return exportLine(entry.name, `__binaryRpc(${path})`);
		if (entry.kind === 'stream')
			return exportLine(entry.name, `__stream(${path}, ${JSON.stringify(entry.options)}, ${entry.dynamic})`);
		if (entry.kind === 'room') return exportLine(entry.name, `__room(${path}, ${JSON.stringify(entry.shape)})`);
		if (entry.kind === 'windows')
			return exportLine(
				entry.name,
				windowsOf(module.path, entry, (own) => `__stream(${own}, { merge: 'set' })`)
			);
		return [];
	});
	return [
		`import { __binaryRpc, __room, __rpc, __stream, __upload } from 'svelte-realtime/client';`,
		`export { empty } from 'svelte-realtime/client';`,
		...lines,
		''
	].join('\n');
}
