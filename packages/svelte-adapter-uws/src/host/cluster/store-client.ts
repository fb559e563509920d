import type { Stores } from '../../contract/stores.ts';
import type { Channel } from './channel.ts';
import { STORE_METHODS, type StoreFault, type StoreName } from './store-calls.ts';

interface Waiting {
	resolve(value: unknown): void;
	reject(error: Error): void;
}

/** Calls that may wait for an answer. */
const MAX_WAITING = 100_000;

/** The stores of the primary, as a worker calls them. Every call rejects once it is disposed. */
export function connectStores(node: string, channel: Channel): Stores & Disposable {
	const waiting = new Map<number, Waiting>();
	let last = 0;
	let isClosed = false;
	const listening = channel.listen((message) => {
		if (message.type !== 'result') return;
		const call = waiting.get(message.id);
		waiting.delete(message.id);
		if (message.error) call?.reject(toError(message.error));
		else call?.resolve(message.value);
	});
	const call = (store: string, method: string, args: readonly unknown[]): Promise<unknown> =>
		new Promise((resolve, reject) => {
			if (isClosed) return reject(fault('STORE_CLOSED', 'The server has shut down, and its stores with it.'));
			if (waiting.size >= MAX_WAITING)
				return reject(
					fault('STORE_BUSY', `${MAX_WAITING} calls of stores wait for the primary. Ask less, or run an external store.`)
				);
			const plain = args.map(toPlain);
			const id = ++last;
			waiting.set(id, { resolve, reject });
			channel.send({ type: 'call', id, store, method, args: plain });
		});
	const stores = Object.fromEntries(
		(Object.keys(STORE_METHODS) as StoreName[]).map((store) => [
			store,
			Object.fromEntries(
				Object.keys(STORE_METHODS[store]).map((method) => [method, (...args: readonly unknown[]) => call(store, method, args)])
			)
		])
	) as unknown as Omit<Stores, 'node'>;
	return {
		node,
		...stores,
		[Symbol.dispose]() {
			isClosed = true;
			listening[Symbol.dispose]();
			for (const { reject } of waiting.values())
				reject(fault('STORE_CLOSED', 'The server has shut down before its stores answered.'));
			waiting.clear();
		}
	};
}

/** Data goes through JSON before it is cloned, because stores keep JSON: a `toJSON` would be lost, and a function refused. */
const toPlain = (value: unknown): unknown =>
	typeof value === 'object' || typeof value === 'function' ? JSON.parse(JSON.stringify(value) ?? 'null') : value;

const KINDS: Readonly<Record<string, new (message: string) => Error>> = { TypeError, RangeError };

function toError({ name, message, code }: StoreFault): Error {
	const error = new (KINDS[name] ?? Error)(message);
	return code === undefined ? error : Object.assign(error, { code });
}

const fault = (code: string, message: string): Error => Object.assign(new Error(message), { code });
