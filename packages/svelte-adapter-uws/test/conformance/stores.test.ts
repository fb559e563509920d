import { cursorStoreSuite } from 'conformance/store/cursor';
import { groupStoreSuite } from 'conformance/store/group';
import { idempotencyStoreSuite } from 'conformance/store/idempotency';
import { leaseStoreSuite } from 'conformance/store/lease';
import { lockStoreSuite } from 'conformance/store/lock';
import { presenceStoreSuite } from 'conformance/store/presence';
import { rateLimitStoreSuite } from 'conformance/store/rate-limit';
import { registryStoreSuite } from 'conformance/store/registry';
import { replayStoreSuite } from 'conformance/store/replay';
import { sessionStoreSuite } from 'conformance/store/session';
import { manualClock } from '../../src/host/clock.ts';
import { connectStores } from '../../src/host/cluster/store-client.ts';
import type { StoreName } from '../../src/host/cluster/store-calls.ts';
import { serveStores } from '../../src/host/cluster/store-server.ts';
import { createRandomId } from '../../src/host/random-id.ts';
import type { Stores } from '../../src/contract/stores.ts';
import { memoryStores } from '../../src/service/memory-stores.ts';
import { channelPair } from '../support/workers.ts';

const TTL_MS = 3_600_000;

/** The stores of one process, or those of a primary as so many workers see them. */
const subject =
	<Name extends StoreName>(store: Name, workers: number) =>
	async () => {
		const clock = manualClock();
		const primary = memoryStores('primary', clock, createRandomId(), { replay: { ttlMs: TTL_MS } });
		const stack = new DisposableStack();
		const nodes: Stores[] = workers === 0 ? [primary] : [];
		for (let n = 1; n <= workers; n++) {
			const [up, down] = channelPair();
			stack.use(up);
			stack.use(serveStores(primary, up));
			nodes.push(stack.use(connectStores(`worker ${n}`, down)));
		}
		return {
			nodes: nodes.map((stores) => stores[store]),
			size: 1_000,
			ttlMs: TTL_MS,
			pass: async (ms: number) => clock.advance(ms),
			[Symbol.asyncDispose]: async () => stack.dispose()
		};
	};

for (const workers of [0, 1, 2, 4]) {
	const name = workers === 0 ? 'memory' : `memory of the primary, ${workers} workers`;
	replayStoreSuite({ name, create: subject('replay', workers) });
	presenceStoreSuite({ name, create: subject('presence', workers) });
	cursorStoreSuite({ name, create: subject('cursor', workers) });
	groupStoreSuite({ name, create: subject('group', workers) });
	rateLimitStoreSuite({ name, create: subject('rateLimit', workers) });
	lockStoreSuite({ name, create: subject('lock', workers) });
	idempotencyStoreSuite({ name, create: subject('idempotency', workers) });
	leaseStoreSuite({ name, create: subject('lease', workers) });
	registryStoreSuite({ name, create: subject('registry', workers) });
	sessionStoreSuite({ name, create: subject('session', workers) });
}
