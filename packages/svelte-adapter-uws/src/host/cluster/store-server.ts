import type { Stores } from '../../contract/stores.ts';
import type { Channel } from './channel.ts';
import { STORE_METHODS, type StoreCall, type StoreFault, type StoreResult } from './store-calls.ts';

type Call = (...args: readonly unknown[]) => Promise<unknown>;

/** Answers what one worker asks of the stores, in the order of its calls. */
export function serveStores(stores: Stores, channel: Channel): Disposable {
	return channel.listen((message) => {
		if (message.type !== 'call') return;
		void answer(stores, message).then((result) => channel.send(result));
	});
}

async function answer(stores: Stores, { id, store, method, args }: StoreCall): Promise<StoreResult> {
	try {
		return { type: 'result', id, value: await find(stores, store, method)(...args) };
	} catch (error) {
		return { type: 'result', id, error: toFault(error) };
	}
}

function find(stores: Stores, store: string, method: string): Call {
	const known: Readonly<Record<string, object>> = STORE_METHODS;
	if (!Object.hasOwn(known, store) || !Object.hasOwn(known[store]!, method))
		throw new TypeError(`No store of this server has ${store}.${method}. Primary and worker are of different versions.`);
	const target = stores[store as keyof typeof STORE_METHODS] as unknown as Readonly<Record<string, Call>>;
	return (...args) => target[method]!(...args);
}

function toFault(error: unknown): StoreFault {
	const { name, message } = error instanceof Error ? error : new Error(String(error));
	const { code } = (error ?? {}) as { readonly code?: unknown };
	return typeof code === 'string' ? { name, message, code } : { name, message };
}
