/** One page that follows the ledger, and adds to it when it is told to; in a process of its own, because a process has one page. */
import { __rpc, __stream, configure } from 'svelte-realtime/client';

const [url, origin] = process.argv.slice(2) as [url: string, origin: string];
const say = (message: object): void => void process.send!(message);
const Native = globalThis.WebSocket as unknown as new (url: string, options: object) => WebSocket;
globalThis.WebSocket = class extends Native {
	constructor(address: string) {
		super(address, { headers: { origin } });
	}
} as unknown as typeof WebSocket;
configure({ url });

const entries = __stream('ledger/entries', { merge: 'crud', key: 'id' });
const append = __rpc('ledger/append');
entries.subscribe((value: unknown) => {
	const ids = (value as readonly { readonly id: string }[] | undefined)?.map(({ id }) => id);
	if (ids) say({ ids });
});
process.on('message', (id: string) => {
	// Whether an entry was made where the answer did not come is for the ledger to say.
	append(id).then(
		() => say({ answered: id }),
		(error: { readonly code?: string }) => say({ answered: id, code: error.code })
	);
});
process.on('disconnect', () => process.exit());
