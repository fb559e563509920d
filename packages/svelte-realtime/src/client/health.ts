import type { WSConnection } from 'svelte-adapter-uws/client';
import type { Readable } from 'svelte-adapter-uws/contract';
import { createCell, type Cell } from './cell.ts';
import { attachTo, hasServer, healthOf, type Health } from './page.ts';

/**
 * Whether events of the server's other instances reach this page, as the bus of the app tells those that it joins. It listens while
 * somebody watches; each connection begins as `healthy`.
 * @example {#if $health === 'degraded'}<p>Changes of others may be missing.</p>{/if}
 */
export const health: Readable<Health> = {
	subscribe(run) {
		const own = healthOf(() => ({ cell: createCell<Health>('healthy'), watchers: 0 }));
		const stop = own.cell.subscribe(run);
		// A render on the server must leave nothing behind.
		if (!hasServer()) return stop;
		if (own.watchers++ === 0) own.stop = attachTo((connection) => listen(connection, own.cell));
		let isWatching = true;
		return () => {
			if (!isWatching) return;
			isWatching = false;
			stop();
			if (--own.watchers > 0) return;
			own.stop?.();
			own.cell.set('healthy');
		};
	}
};

function listen(connection: WSConnection, cell: Cell<Health>): () => void {
	const stops = [
		connection.tap((envelopes) => {
			for (const { topic, event } of envelopes)
				if (topic === '__realtime' && (event === 'degraded' || event === 'recovered'))
					cell.set(event === 'degraded' ? 'degraded' : 'healthy');
		}),
		connection.onOpen(() => cell.set('healthy'))
	];
	return () => {
		for (const end of stops) end();
	};
}
